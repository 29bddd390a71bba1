"""Modem hosts as containers: the production service `sender`, once per group, each with its own credential.

The modems are emulated outside, on pseudo-terminals of this machine, as sticks would be: they outlive
a sender that is killed, and keep their own log of what they took.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.demo.hosts import Host, HostError
from rehearsal.production import FOLDER, Production

OVERRIDE = FOLDER / "senders.json"
NEVER_ENDED = {"running", "restarting"}


@dataclass
class Sender:
    """One group's sender as a service of compose; ``modems`` are its emulated ones."""

    production: Production
    service: str
    modems: Host

    @property
    def network_log(self) -> Path:
        """One JSON line per part that the modems took."""
        return self.modems.network_log

    def check(self) -> None:
        """Raise if the modems have ended by themselves."""
        self.modems.check()

    def state(self) -> dict[str, Any]:
        """The container as the engine describes it."""
        return self.production.container(self.service)

    def ask_to_stop(self) -> None:
        """Nothing: `stop` waits for the drain."""

    def stop(self) -> None:
        """Let the sender drain, then end the modems."""
        self.production.compose("stop", self.service, seconds=120)
        code = self.state()["State"]["ExitCode"]
        self.modems.stop()
        if code:
            raise HostError(f"{self.service} ended with {code}")

    def kill(self) -> None:
        """The day is over: the modems end, compose takes the container away."""
        self.modems.kill()


def start_sender(
    production: Production, number: int, group: dict[str, Any], modems: tuple[Host, list[str]]
) -> Sender:
    """Start the sender of ``group`` as service ``sender-NUMBER`` on those emulated modems."""
    host, ports = modems
    service = f"sender-{number}"
    files = _files(service, group, ports)
    document = json.loads(OVERRIDE.read_text()) if OVERRIDE in production.files else _nothing()
    plain = json.loads(production.compose("config", "--format", "json", profiles=("sender",)))
    document["services"][service] = _service(plain["services"]["sender"], service, files, ports)
    document["secrets"][f"{service}-url"] = {"file": str(files["url"])}
    document["volumes"][f"{service}-journal"] = {}
    OVERRIDE.write_text(json.dumps(document, indent=1))
    if OVERRIDE not in production.files:
        production.files.append(OVERRIDE)
    production.compose("up", "--detach", "--no-build", "--no-deps", service)
    production.await_healthy(time.monotonic(), [service])
    return Sender(production, service, host)


def _nothing() -> dict[str, Any]:
    return {"services": {}, "secrets": {}, "volumes": {}}


def _files(service: str, group: dict[str, Any], ports: list[str]) -> dict[str, Path]:
    """The credential and the configuration of that host alone."""
    folder = FOLDER / service
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = [
        'credential_file = "/run/secrets/sender_database_url"',
        'journal = "/var/lib/sms-sender/journal.sqlite3"',
        'status = "127.0.0.1:9123"',
        f"mac = {json.dumps(group['mac'])}",
    ]
    for number, _port in enumerate(ports, start=1):
        lines += ["[[modem]]", f'port = "/dev/modem{number}"']
    files = {"url": folder / "database_url", "config": folder / "sender.toml"}
    for name, text in (("url", group["database_url"]), ("config", "\n".join(lines))):
        files[name].unlink(missing_ok=True)
        files[name].write_text(text + "\n", encoding="utf-8")
        files[name].chmod(0o444)
    return files


def _service(
    plain: dict[str, Any], service: str, files: dict[str, Path], ports: list[str]
) -> dict[str, Any]:
    """The production service with terminals of this machine for its sticks."""
    kept = {k: v for k, v in plain.items() if k not in ("devices", "profiles", "build", "volumes")}
    binds = [{"type": "bind", "source": str(files["config"]),
              "target": "/etc/sms-sender/sender.toml", "read_only": True}]  # fmt: skip
    for number, port in enumerate(ports, start=1):
        terminal = os.path.realpath(port)
        Path(terminal).chmod(0o666)
        binds.append({"type": "bind", "source": terminal, "target": f"/dev/modem{number}"})
    journal = {"type": "volume", "source": f"{service}-journal", "target": "/var/lib/sms-sender"}
    secrets = [
        {"source": f"{service}-url", "target": "/run/secrets/sender_database_url"},
        {"source": "ca_certificate", "target": "/run/secrets/ca_certificate"},
    ]
    return {**kept, "volumes": [journal, *binds], "secrets": secrets}
