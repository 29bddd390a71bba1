"""What every test of campaigns starts from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import yaml

from include.billing import ledger
from include.campaigns.expand import expand_due
from include.campaigns.intake import apply_upload, drop
from include.campaigns.status import campaign_status
from include.db import connect
from include.fleet.groups import add_group
from include.fleet.rollup import rollup
from include.settings import settings
from include.storage import Storage
from tests.conftest import Database

MACS = ("64:31:50:1b:e9:e9", "00:15:c5:b4:1c:8a", "e8:11:32:c9:ab:36")
Contact = tuple[str | None, str | None, str | None]


@dataclass
class Scene:
    """Client ``acme`` with 100 EUR, and the steps a test takes."""

    db: Database

    def client(self, code: str, credit: str = "100", **columns: Any) -> int:
        """Another client."""
        names = "".join(f", {name}" for name in columns)
        places = ", %s" * len(columns)
        client_id = self.db.one(
            f"insert into client (code, name{names}) values (%s, %s{places}) returning client_id",
            (code, code.title(), *columns.values()),
        )
        assert isinstance(client_id, int)
        if Decimal(credit):
            with connect() as conn:
                ledger.topup(conn, client_id, Decimal(credit))
        return client_id

    def contacts(
        self,
        rows: Sequence[Contact] | int,
        name: str = "members",
        client: str = "acme",
        variables: dict[str, str] | None = None,
    ) -> list[str]:
        """A list of (first name, last name, variable1), or of so many people; their numbers."""
        people = (
            [(f"Anna{n}", f"Martin{n}", f"v{n}") for n in range(rows)]
            if isinstance(rows, int)
            else rows
        )
        numbers = [f"+336399{80000 + n}" for n in range(len(people))]
        upload = self.db.one(
            "insert into upload (import_id, client_id, kind, key, sha256, bytes, state, in_inbox) "
            "select 'imp_' || left(md5(random()::text), 12), client_id, 'contacts', 'x', "
            "repeat('0', 64), 1, 'loaded', false from client where code = %s returning upload_id",
            (client,),
        )
        list_id = self.db.one(
            "insert into contact_list (client_id, name, variables) "
            "select client_id, %s, %s from client where code = %s returning list_id",
            (name, list(variables or {}), client),
        )
        for row, (number, person) in enumerate(zip(numbers, people, strict=True), 2):
            self.db.all(
                "insert into contact (list_id, msisdn, first_name, last_name, variable1, "
                "variables, upload_id, row_number) values (%s, %s, %s, %s, %s, %s, %s, %s) "
                "returning 1",
                (list_id, number, *person, json.dumps(variables or {}), upload, row),
            )
        return numbers

    def file(self, **changes: Any) -> dict[str, Any]:
        """The fields of a campaign file."""
        fields: dict[str, Any] = {
            "version": 1,
            "kind": "campaign",
            "campaign": "hello",
            "list": "members",
            "state": "active",
            "purpose": "transactional",
            "message": "Bonjour {first_name}",
        }
        fields.update(changes)
        return {key: value for key, value in fields.items() if value is not None}

    def apply(self, client: str = "acme", **changes: Any) -> dict[str, Any]:
        """Drop a campaign file; its receipt."""
        fields = self.file(**changes)
        raw = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False).encode()
        return self.apply_raw(raw, f"{fields['campaign']}.yaml", client)

    def apply_raw(
        self, raw: bytes, name: str = "hello.yaml", client: str = "acme"
    ) -> dict[str, Any]:
        """Drop a file of these bytes."""
        return apply_upload(drop(client, name, raw))

    def expand(self) -> dict[str, Any]:
        """What the DAG does every minute."""
        return expand_due()

    def rollup(self) -> dict[str, Any]:
        """What the DAG does every minute."""
        return rollup()

    def status(self, name: str = "hello", client: str = "acme") -> dict[str, Any]:
        """How a campaign stands."""
        return campaign_status(client, name)

    def group(self, number: int = 0, modems: int = 1, alias: str | None = None) -> dict[str, Any]:
        """Enrol a group."""
        return add_group(MACS[number], alias or f"group {number}", modems)

    def balance(self, client: str = "acme") -> tuple[Decimal, Decimal]:
        """What may be spent, and what is held."""
        row = self.db.all("select balance, held from client_balance where code = %s", (client,))[0]
        assert isinstance(row[0], Decimal)
        assert isinstance(row[1], Decimal)
        return row[0], row[1]

    def outbox(self, name: str, client: str = "acme") -> str:
        """A file that the client finds."""
        key = f"clients/{client}/outbox/{name}"
        return Storage(settings().bucket_url).read_bytes(key).decode()


@pytest.fixture
def scene(db: Database) -> Scene:
    """A client with 100 EUR of credit."""
    made = Scene(db)
    made.client("acme")
    return made
