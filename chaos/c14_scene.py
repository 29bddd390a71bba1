"""The centre that C14 hits: its files, what it is to make of them, its processes."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any, Protocol

import psutil
import psycopg2

from chaos.money import disagreements
from include.demo.centre import Centre, reset
from include.errors import SmsswitchError
from include.fleet.groups import add_group
from include.operations.clients import add_client
from include.settings import settings, var_dir
from include.stack import supervisor
from include.stack.processes import Mark
from include.storage import Storage
from include.taxation.generate import write_spool

PATIENCE = 1500.0
TICKETS = 60
PBX = "orleans"
MAPPING = """version: 1
kind: contact-list
list: guests
confirmed: true
columns:
  - {column: A, to: phone}
  - {column: B, to: first_name}
"""
CAMPAIGN = """version: 1
kind: campaign
campaign: hello
list: guests
state: active
purpose: transactional
message: "Bonjour {first_name}"
"""
# What a round comes to, without the numbers and times that differ from round to round.
TABLES = (
    "select msisdn, first_name, l.name from contact join contact_list as l using (list_id)",
    "select kind, state, sha256, counts from upload",
    "select name, state, purpose, spec from campaign",
    "select c.name, m.msisdn, m.text, m.state, m.segments, m.price from message as m "
    "join campaign as c using (campaign_id)",
    "select sum(messages), sum(segments) from send_batch where state in ('planned', 'leased')",
    "select kind, amount, held from ledger_entry",
    "select content_digest from taxdata",
    "select t.content_digest, r.cost, r.reason from rated_ticket as r join taxdata as t using (ticket_id) "
    "where not r.superseded",
    "select name, sha256, state, tickets from spooled_file",
)


class Hit(Protocol):
    """A way to hit the centre while it works."""

    def __call__(self, scene: "Scene", seconds: int, /) -> None:
        """Hit it once."""


class Scene:
    """A running stack and one round after the other."""

    def __init__(self, contacts: int) -> None:
        self.contacts = contacts
        self.up()

    def up(self) -> None:
        """Start it, or what is missing of it."""
        self.stack = supervisor.up(lambda _line: None)
        self.centre = Centre(self.stack)

    def round(self, hit: Hit, seconds: int = 0) -> dict[str, Any]:
        """Empty tables, the same files, one fault, everything done; what it came to."""
        began = time.monotonic()
        self._begin()
        hit(self, seconds)
        self.settle()
        return {
            "checksum": self._one(checksum()),
            "messages": self._one("select count(*) from message"),
            "tickets": self._one("select count(*) from taxdata"),
            "ledger": disagreements(),
            "seconds": round(time.monotonic() - began),
        }

    def _begin(self) -> None:
        bucket, spool = Storage(settings().bucket_url), Storage(settings().spool_url)
        places = [(bucket, ["clients/acme"]), (spool, [PBX, "raw"])]

        def emptied() -> bool:
            reset(["acme"], places)
            return True

        self._patiently("emptied", emptied)
        add_client("acme", "Acme", by="chaos", credit="1000")
        add_group("64:31:50:1b:e9:e9", "machine 1", 2)
        rows = "".join(f"+3363998{n:04d};Anna{n}\n" for n in range(self.contacts))
        bucket.write_text("clients/acme/inbox/contacts/guests.csv.mapping.yaml", MAPPING)
        bucket.write_text("clients/acme/inbox/contacts/guests.csv", f"phone;first name\n{rows}")
        local = var_dir() / "TAXAAAAA.DAT"
        write_spool(local, layout_name="seed", tickets=TICKETS, seed=1)
        spool.write_bytes(f"{PBX}/TAXAAAAA.DAT", local.read_bytes())

    def settle(self) -> None:
        """Until the contacts are there, the campaign's messages are in batches, tickets have prices."""
        contacts = "select count(*) from contact"
        self._patiently("contacts", lambda: self._one(contacts) == self.contacts)
        bucket = Storage(settings().bucket_url)
        if not self._one("select count(*) from upload where kind = 'campaign'"):
            bucket.write_text("clients/acme/inbox/campaigns/hello.yaml", CAMPAIGN)
        batched = "select count(*) from message where batch_id is not null"
        self._patiently("messages in batches", lambda: self._one(batched) == self.contacts)
        self._patiently("tickets", lambda: self._one("select count(*) from taxdata") == TICKETS)
        self._patiently("priced", self._price)
        done = "select count(*) from upload where state in ('received', 'loading', 'mapping_submitted')"
        self._patiently("uploads", lambda: self._one(done) == 0)

    def _price(self) -> bool:
        """Only calls that somebody pays for get a price: the run says that all of those have one."""
        self.await_runs("billing_daily", [self.trigger("billing_daily")])
        return True

    def process(self, name: str) -> psutil.Process:
        """A process of the stack."""
        marks = json.loads((var_dir() / "run" / "processes.json").read_text())
        found = Mark(**marks[name]).find()
        if found is None:
            raise SmsswitchError(f"{name} does not run")
        return found

    def running_task(self) -> psutil.Process | None:
        """The process of a task, as soon as one runs: what a worker of the scheduler has started."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                for worker in self.process("scheduler").children():
                    for task in worker.children():
                        if task.status() != psutil.STATUS_ZOMBIE:
                            return task
            except psutil.Error:
                continue
            time.sleep(0.02)
        return None

    def trigger(self, dag_id: str) -> str:
        """A new run; its id. Those of uploads name the upload that was first dropped."""
        body: dict[str, Any] = {"logical_date": None}
        kind = {"contacts_import": "contacts", "campaign_intake": "campaign"}.get(dag_id)
        if kind:
            upload = self._one(f"select min(upload_id) from upload where kind = '{kind}'")
            body["conf"] = {"upload_id": upload}
        return str(self.centre.api.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[str]:
        """The last runs that ended well."""
        found = self.centre.api.get(
            f"/dags/{dag_id}/dagRuns?state=success&order_by=-run_after&limit=5"
        )
        return [str(run["dag_run_id"]) for run in found["dag_runs"]]

    def clear(self, dag_id: str, run_id: str) -> None:
        """Have every task of a run done again."""
        body = {"dag_run_id": run_id, "dry_run": False, "only_failed": False}
        self.centre.api.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)

    def await_runs(self, dag_id: str, runs: list[str]) -> None:
        """Until each has ended well."""
        for run_id in runs:
            self._patiently(run_id, partial(self._succeeded, f"/dags/{dag_id}/dagRuns/{run_id}"))

    def _succeeded(self, path: str) -> bool:
        return bool(self.centre.api.get(path)["state"] == "success")

    def _patiently(self, what: str, holds: Callable[[], bool]) -> None:
        """What fails meanwhile is tried again: the centre is being hit."""
        until, last = time.monotonic() + PATIENCE, ""
        while time.monotonic() < until:
            try:
                if not supervisor.is_up():  # what a container engine does with what has ended
                    self.up()
                if holds():
                    return
            except (SmsswitchError, psycopg2.Error, OSError) as error:
                last = str(error)
            time.sleep(0.5)
        raise SmsswitchError(f"{what}: not so after {PATIENCE:.0f} s {last}"[:300])

    def _one(self, query: str) -> Any:
        with closing(psycopg2.connect(settings().database_url)) as conn, conn.cursor() as cur:
            cur.execute(query)
            row = cur.fetchone()
            return row[0] if row else None


def checksum() -> str:
    """The query for what the business tables hold."""
    parts = (
        f"(select coalesce(string_agg(r::text, '|' order by r::text), '') from ({table}) as r)"
        for table in TABLES
    )
    return f"select md5(concat_ws('#', {', '.join(parts)}))"
