"""Version 0.1.0, brought to this one while its own senders send: `make upgrade-check`."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.db import connect
from include.demo import summary
from include.demo.hosts import Host, start_host
from include.errors import SmsswitchError
from include.settings import FICTION, ROOT, var_dir
from include.stack import databases, postgres
from rehearsal.production import tell

TAG = "v0.1.0"
COMMIT = "5e8c225db2dd4c4d00c1e2cfa6ce74639852f607"  # what it names, for clones without tags
FOLDER = var_dir() / "upgrade"
OLD = FOLDER / "old"
PEOPLE = 300
PATIENCE = 600.0
MAPPING = """\
version: 1
kind: contact-list
list: {name}
confirmed: true
columns: [{{column: 1, to: first_name}}, {{column: 2, to: phone}}]
"""
CAMPAIGN = """\
version: 1
kind: campaign
campaign: {name}
list: {name}
state: active
purpose: transactional
message: "{name}: bonjour {{first_name}}"
"""


class UpgradeError(SmsswitchError):
    """The upgrade lost something, or stopped somebody."""


@dataclass(frozen=True)
class Version:
    """One version of the centre's programs, on the same database and bucket."""

    code: Path
    database_url: str
    folder: Path = FOLDER

    def smsswitch(self, *arguments: str) -> str:
        """Run `smsswitch …` of that version; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "include.cli", *arguments],
            cwd=self.code,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "SMSSWITCH_DATABASE_URL": self.database_url,
                "SMSSWITCH_VAR": str(self.folder),
                "SMSSWITCH_EXTRA_VALID_PREFIXES": FICTION,
                "PYTHONPATH": str(self.code),
            },
        )
        if done.returncode:
            raise UpgradeError(f"smsswitch {' '.join(arguments[:2])}: {done.stderr.strip()[-800:]}")
        return done.stdout

    def campaign(self, name: str, first: int, people: int = PEOPLE) -> None:
        """A list of so many numbers, and a campaign to it, as far as planned batches."""
        rows = "".join(f"Ann;063998{first + n:04d}\n" for n in range(people))
        files = {
            f"{name}.csv": "prenom;telephone\n" + rows,
            f"{name}.mapping.yaml": MAPPING.format(name=name),
            f"{name}.yaml": CAMPAIGN.format(name=name),
        }
        for file, text in files.items():
            (self.folder / file).write_text(text, encoding="utf-8")
        mapping = ("--mapping", str(self.folder / f"{name}.mapping.yaml"))
        self.smsswitch(
            "contacts", "import", str(self.folder / f"{name}.csv"), "--client", "acme", *mapping
        )
        self.smsswitch("campaigns", "apply", str(self.folder / f"{name}.yaml"), "--client", "acme")
        self.smsswitch("campaigns", "expand")


def main() -> dict[str, Any]:
    """Play it; what was seen. UpgradeError if anything was lost, sent twice or stopped."""
    url = _prepare()
    old, new = Version(OLD, url), Version(ROOT, url)
    tell(f"{TAG}: migrated, two hosts of that version begin to send")
    old.smsswitch("db", "migrate")
    old.smsswitch("clients", "add", "acme", "--name", "Acme", "--credit", "500.00")
    hosts = [_host(old, number) for number in (1, 2)]
    try:
        old.campaign("before", 0)
        _until(lambda: _taken() >= PEOPLE // 4, old, hosts)
        open_before = PEOPLE - _taken()
        began = time.monotonic()
        applied = new.smsswitch("db", "migrate").strip()
        migrated = round(time.monotonic() - began, 1)
        tell(f"migrated under them in {migrated} s, {open_before} messages not yet sent: {applied}")
        new.campaign("after", 2000)
        _until(lambda: _taken() >= 2 * PEOPLE, new, hosts)
        tell("the senders of the old version have sent what the new one planned")
        _renew(hosts[0])
        new.campaign("renewed", 4000)
        _until(lambda: _taken() >= 3 * PEOPLE, new, hosts)
        tell("so has a sender of the new version on the old one's journal, beside an old one")
    finally:
        for host in hosts:
            host.stop()
    new.smsswitch("monitor", "rollup")
    network = summary.read_network(host.network_log for host in hosts)
    with connect() as conn:
        messages = summary.counts(conn)
        wrong = summary.disagreements(conn, network, messages)
    if wrong or not open_before:
        raise UpgradeError("; ".join(wrong) or "everything was sent before the upgrade")
    return {
        "from": TAG,
        "applied": applied,
        "migrate_seconds": migrated,
        "open_at_the_upgrade": open_before,
        "messages": messages,
        "network": network.figures(),
    }


def _prepare() -> str:
    postgres.stop(FOLDER / "postgres")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    archive = FOLDER / "old.tar"
    _export(archive)
    with tarfile.open(archive) as tar:
        tar.extractall(OLD, filter="data")
    server = postgres.start(FOLDER / "postgres")
    databases.make(server.url, "smsswitch")
    os.environ["SMSSWITCH_DATABASE_URL"] = server.database_url("smsswitch")
    return server.database_url("smsswitch")


def _export(archive: Path) -> None:
    """The tree of the old version; UpgradeError says why it cannot be had here."""
    words: list[str] = []
    for name in (TAG, COMMIT):
        command = ["git", "archive", "--output", str(archive), name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        words.append(done.stderr.strip())
    raise UpgradeError(
        f"neither the tag {TAG} nor its commit {COMMIT[:7]} is in this checkout (a shallow clone, or no "
        f"clone at all?): {words[-1]}; `git fetch --tags --unshallow` brings them"
    )


def _host(old: Version, number: int) -> Host:
    mac, alias = f"64:31:50:1b:e9:{number:02x}", f"machine-{number}"
    options = ("--mac", mac, "--alias", alias, "--modems", "1", "--json")
    group = json.loads(old.smsswitch("groups", "add", *options))
    return start_host(FOLDER / alias, group, 1, latency_ms=100, seed=number, code=OLD)


def _renew(host: Host) -> None:
    """The new version's sender in the place of the old one: same journal, same modems."""
    host.ask_to_stop()
    process = host.processes.pop("sender")
    if process.wait(120):
        raise UpgradeError(f"the old sender ended with {process.returncode}")
    host.code = None
    host.spawn("sender", "run", "--config", str(host.folder / "sender.toml"))


def _taken() -> int:
    """Messages that have an outcome or are with the network."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute("select count(*) from message where state not in ('planned', 'leased')")
        return int((cur.fetchone() or (0,))[0])


def _until(reached: Any, version: Version, hosts: list[Host]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        for host in hosts:
            host.check()
        if time.monotonic() > deadline:
            raise UpgradeError(f"not within {PATIENCE:.0f} s: {_taken()} taken")
        version.smsswitch("monitor", "rollup")
        version.smsswitch("campaigns", "expand")


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(main(), indent=2) + "\n")
    except SmsswitchError as error:
        sys.exit(f"upgrade-check: {error}")
    finally:
        postgres.stop(FOLDER / "postgres")
