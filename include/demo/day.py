"""The story of one day, told in steps: each does what a client or an operator would do, and waits.

Everything goes the way it goes in production: files dropped in the bucket, DAGs driven by them, batches
claimed by two `sms-sender` processes logged in as their own hosts.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from include.db import connect
from include.demo import files, summary, tenancy
from include.demo.centre import PBX, Centre, figures, look, parse, refuse_strangers, reset
from include.demo.hosts import Host, end_left_over, start_host
from include.demo.telling import ENDED, Campaign, Import, Story
from include.demo.texts import CAMPAIGNS, CLINIC, DUPONT, MAPPINGS
from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack import supervisor
from include.storage import Storage

T = TypeVar("T")
Say = Callable[[str], None]

# The three groups of 2012, as its screen showed them.
GROUPS = (
    ("64:31:50:1b:e9:e9", "machine 1", 1),
    ("e8:11:32:c9:ab:36", "notebook", 2),
    ("00:15:c5:b4:1c:8a", "porta_tony", 2),
)
STOPPED = "notebook"
OFFSET = 100  # from the first modem of one host to the first of the next
CLIENTS = {DUPONT: ("Assurances Dupont", "fr"), CLINIC: ("North Clinic", "en")}
CONTACT_FILES = 4
READ = ("awaiting_mapping", "loaded", "rejected", "quarantined", "failed")
PATIENCE = 900.0  # seconds without any change before a step gives up
IDLE = 6.0  # seconds without any change before a step does not wait for the next minute


class DemoError(SmsswitchError):
    """The demo did not come to its end; the message says where it stopped."""


@dataclass(frozen=True)
class Size:
    """How much of everything: a day for people to look at, or a small one for the tests."""

    insured: int = 1400
    reminders: int = 500
    patients: int = 900
    tickets: int = 400
    latency_ms: int = 10


@dataclass(frozen=True)
class Outcome:
    """The summary, and every way in which the tables and the network contradict each other."""

    document: dict[str, Any]
    disagreements: list[str]


DAY = Size()


def run(say: Say, size: Size = DAY, seed: int = 2012) -> Outcome:
    """Run the whole day on the local stack, which stays up; writes var/demo/summary.json."""
    clock = Clock()
    with clock.timed("stack"):
        guest = supervisor.is_up()
        if guest or os.environ.get("SMSSWITCH_DATABASE_URL"):
            refuse_strangers(list(CLIENTS))  # before a DAG of ours touches what is theirs
        stack = supervisor.up(say)
        if not guest:
            tenancy.claim()
    return play(Day(say, size, seed, stack), clock)


def play(day: "Day", clock: "Clock") -> Outcome:
    """Every step of a day in its order, timed; writes ``summary.json`` into the day's folder."""
    try:
        for step in (day.enrol, day.contacts, day.campaigns, day.taxation, day.reports):
            with clock.timed(step.__name__):
                step()
    except BaseException:
        for host in day.hosts:
            host.kill()
        raise
    outcome = day.outcome(clock.seconds)
    text = json.dumps(outcome.document, indent=2, ensure_ascii=False)
    (day.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return outcome


class Clock:
    """Seconds per step, in the order in which they came."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time one step."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)


class Day:
    """The steps, and what they pass on to each other."""

    def __init__(
        self,
        say: Say,
        size: Size,
        seed: int,
        stack: dict[str, Any],
        *,
        centre: Centre | None = None,
        folder: Path | None = None,
    ) -> None:
        self.say, self.size, self.seed = say, size, seed
        self.centre = centre or Centre(stack)
        options = stack.get("storage_options", {})
        self.bucket = Storage(stack["bucket_url"], **options)
        self.spool = Storage(stack["spool_url"], **options)
        self.reports_storage = Storage(stack["reports_url"], **options)
        self.folder = folder or var_dir() / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hosts: list[Host] = []
        self.story = Story(say)
        end_left_over(self.folder)

    def enrol(self) -> None:
        """Clients with credit, the three groups, and a running host for each that is started."""
        self.clear()
        for code, (name, language) in CLIENTS.items():
            self.centre.command(
                "clients", "add", code, "--name", name, "--credit", "500.00", "--lang", language
            )
        for mac, alias, modems in GROUPS:
            options = ("--mac", mac, "--alias", alias, "--modems", str(modems), "--json")
            group = parse(self.centre.command("groups", "add", *options))
            if alias == STOPPED:
                self.centre.command("groups", "stop", alias)
            else:
                self.start_host(group, modems)
        self.say(
            "2 clients with 500.00 EUR each; 3 groups: 2 hosts with 3 modems run, 1 is stopped"
        )

    def clear(self) -> None:
        """Take away what an earlier day has left."""
        prefixes = [f"clients/{code}" for code in CLIENTS]
        reset(list(CLIENTS), [(self.bucket, prefixes), (self.spool, [PBX])])

    def start_host(self, group: dict[str, Any], modems: int) -> None:
        """A running host of that group."""
        folder = self.folder / group["alias"].replace(" ", "-")
        self.hosts.append(start_host(folder, group, modems, **self.network()))

    def network(self) -> dict[str, Any]:
        """The one network that every host is on: what becomes of a number does not hang on the host."""
        offset = OFFSET * len(self.hosts)
        return {"latency_ms": self.size.latency_ms, "seed": self.seed, "offset": offset}

    def contacts(self) -> None:
        """Four files: two with a mapping beside them, one that the client confirms, one hopeless."""
        insured = files.people(range(4000), self.size.insured, self.seed, "le {} mars à 14 h")
        reminders = files.people(range(4000, 6000), self.size.reminders, self.seed + 1, "{},50")
        patients = files.people(range(6000, 10_000), self.size.patients, self.seed + 2, "{} March")
        self.drop(DUPONT, "contacts/assures.xlsx.mapping.yaml", MAPPINGS["assures"].encode())
        self.drop(DUPONT, "contacts/assures.xlsx", files.damaged_workbook(insured, self.seed))
        self.drop(DUPONT, "contacts/rappels.xls", files.old_workbook(reminders))
        self.drop(CLINIC, "contacts/patients.csv.mapping.yaml", MAPPINGS["patients"].encode())
        self.drop(CLINIC, "contacts/patients.csv", files.semicolon_export(patients))
        self.drop(CLINIC, "contacts/staff.xlsx", files.cut_workbook(patients, self.seed))
        for row in self.wait("contact files", _imports, self.story.imports, _all_in(READ)):
            if row.state == "awaiting_mapping":
                self._confirm_mapping(row)
        self.wait("contact files", _imports, self.story.imports, _all_in(READ[1:]))

    def _confirm_mapping(self, row: Import) -> None:
        """What a client does with a proposed mapping: read it, say yes, drop it back."""
        proposal = self.bucket.read_bytes(
            f"clients/{row.client}/outbox/imports/{row.import_id}/mapping.yaml"
        )
        answer = proposal.replace(b"confirmed: false", b"confirmed: true")
        self.say(f"{row.client} reads the sample rows and confirms the proposed mapping")
        self.drop(row.client, f"contacts/{row.file}.mapping.yaml", answer)

    def campaigns(self) -> None:
        """Three campaigns to the end, and one that French law refuses over SIM modems."""
        for client, name, text in CAMPAIGNS:
            self.drop(client, f"campaigns/{name}.yaml", text.encode())
        self.wait("campaigns", _campaigns, self.story.campaigns, _campaigns_finished, self._hasten)
        self.wait("delivery reports", _awaited_reports, self.story.awaited, _nothing)
        self.say("every message has its outcome: the two hosts are stopped")
        self.stop_hosts()
        self.centre.run_dag("fleet_monitor")

    def _hasten(self) -> None:
        """Run now what Airflow runs every minute: messages to be tried again, campaigns at their end."""
        for dag_id in ("campaign_expand", "fleet_monitor"):
            self.centre.run_dag(dag_id)

    def stop_hosts(self) -> None:
        """Let every host finish what it has in hand."""
        for host in self.hosts:
            host.ask_to_stop()
        for host in self.hosts:
            host.stop()

    def taxation(self) -> None:
        """Four compressed spool files of a PBX in two layouts, read, priced and analysed."""
        self.centre.generate_spool(self.spool, self.folder, self.size.tickets, self.seed)
        self.say(f"the telephone exchange {PBX} leaves 4 compressed spool files in two layouts")
        self.centre.run_dag("taxation_ingest")
        self.say("the spools are read; now the calls are priced")
        self.centre.run_dag("billing_daily")
        self.centre.command("taxation", "analyse", "cost_per_cost_centre")
        self.say("the calls are priced and added up by cost centre")

    def reports(self) -> None:
        """The admins' reports and the clients' pages."""
        self.centre.run_dag("reports")
        self.say(f"reports written: {self.reports_storage.url}/reports/index.html")

    def outcome(self, seconds: dict[str, float]) -> Outcome:
        """Count, compare, and put the summary together."""
        network = summary.read_network(host.network_log for host in self.hosts)
        with connect() as conn:
            messages = summary.counts(conn)
            problems = summary.disagreements(conn, network, messages)
        pages = sorted(
            f.key for f in self.reports_storage.list("reports") if f.key.endswith(".html")
        )
        document = {
            "messages": messages,
            "network": network.figures(),
            **figures(pages),
            "seconds": {**seconds, "total": round(sum(seconds.values()), 1)},
        }
        return Outcome(document, problems)

    def drop(self, client: str, name: str, content: bytes) -> None:
        """Leave a file in a client's inbox."""
        self.bucket.write_bytes(f"clients/{client}/inbox/{name}", content)
        self.say(f"{client} drops {name} ({len(content):,} bytes)")

    def wait(
        self,
        what: str,
        ask: Callable[[], T],
        tell: Callable[[T], None],
        finished: Callable[[T], bool],
        hasten: Callable[[], None] = lambda: None,
    ) -> T:
        """Ask until it is finished, telling what changes; give up when nothing moves any more."""
        last: T | None = None
        moved = hastened = time.monotonic()
        while True:
            for host in self.hosts:
                host.check()
            if (now := ask()) != last:
                last, moved = now, time.monotonic()
            tell(now)
            if finished(now):
                return now
            if time.monotonic() - moved > PATIENCE:
                raise DemoError(
                    f"{what} did not move for {PATIENCE:.0f} s: see {var_dir() / 'log'} "
                    "and the failed runs in Airflow"
                )
            if time.monotonic() - max(moved, hastened) > IDLE:
                hasten()
                hastened = time.monotonic()
            time.sleep(1.0)


def _imports() -> list[Import]:
    return [Import(*row) for row in look("list_imports")]


def _campaigns() -> list[Campaign]:
    return [Campaign(*row) for row in look("list_campaigns")]


def _awaited_reports() -> int:
    return int(look("count_awaited_reports")[0][0])


def _all_in(states: tuple[str, ...]) -> Callable[[list[Import]], bool]:
    return lambda rows: len(rows) >= CONTACT_FILES and all(row.state in states for row in rows)


def _nothing(count: int) -> bool:
    return count == 0


def _campaigns_finished(rows: list[Campaign]) -> bool:
    return len(rows) == len(CAMPAIGNS) and all(row.state in ENDED or row.refused for row in rows)
