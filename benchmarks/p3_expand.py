"""P3: expanding a campaign, against a bare INSERT … SELECT of the same rows ready-made.

``P3_CONTACTS`` for fewer.
"""

import os
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from include.billing import ledger
from include.campaigns.expand import expand_due
from include.campaigns.intake import apply_upload, drop
from include.db import connect
from include.db.migrate import migrate
from include.fleet.groups import add_group
from include.stack import postgres

CONTACTS = int(os.environ.get("P3_CONTACTS", "1000000"))
CAMPAIGN = b"""\
version: 1
kind: campaign
campaign: big
list: members
state: active
purpose: transactional
message: "Bonjour {prenom} {nom}, votre rendez-vous {variable1|de demain} est confirme. A bientot."
"""
COLUMNS = (
    "activation_month, campaign_id, contact_id, msisdn, text, variant, encoding, segments, price, "
    "state, reason, settled, final_at, batch_id"
)


def measure() -> dict[str, Any]:
    """Seconds of both in one run, and their ratio; every message of both is counted."""
    with tempfile.TemporaryDirectory(prefix="smsswitch-p3-") as folder:
        server = postgres.start(Path(folder) / "pg", fast=True)
        os.environ |= {"SMSSWITCH_DATABASE_URL": server.url, "SMSSWITCH_VAR": folder}
        try:
            return _measured(server.url)
        finally:
            postgres.stop(Path(folder) / "pg")


def _measured(url: str) -> dict[str, Any]:
    migrate(url)
    with connect(role=None) as conn:
        _fill(conn)
    with connect(role=None, autocommit=True) as conn:
        conn.cursor().execute("vacuum analyze contact")
    add_group("64:31:50:1b:e9:e9", "machine 1", 2)
    add_group("00:15:c5:b4:1c:8a", "porta_tony", 1)
    quoted, _ = _timed(lambda: apply_upload(drop("acme", "big.yaml", CAMPAIGN)))
    expanded, _ = _timed(expand_due)
    with connect(role=None, autocommit=True) as conn:
        batched = _one(conn, "select count(*) from message where batch_id is not null")
        for statement in (
            "create table ready as select * from message",
            "truncate message",
            "analyze ready",
            "checkpoint",
        ):
            conn.cursor().execute(statement)
        insert = f"insert into message ({COLUMNS}) select {COLUMNS} from ready"
        bare, _ = _timed(lambda: conn.cursor().execute(insert))
        assert batched == _one(conn, "select count(*) from message") == CONTACTS
    return {
        "contacts": CONTACTS,
        "quote_seconds": quoted,
        "expand_seconds": expanded,
        "bare_insert_seconds": bare,
        "ratio": round(expanded / bare, 2),
        "reach": 3,
    }


def _fill(conn: Connection) -> None:
    client = _one(conn, "insert into client (code, name) values ('acme', 'A') returning client_id")
    ledger.topup(conn, client, Decimal(1_000_000))
    upload = _one(
        conn,
        "insert into upload (import_id, client_id, kind, key, sha256, bytes, in_inbox) "
        f"values ('imp_benchmark1', {client}, 'contacts', 'x', repeat('0', 64), 1, false) "
        "returning upload_id",
    )
    members = _one(
        conn,
        f"insert into contact_list (client_id, name) values ({client}, 'members') returning list_id",
    )
    with conn.cursor() as cur:
        cur.execute(
            "insert into contact "
            "(list_id, msisdn, first_name, last_name, variable1, upload_id, row_number) "
            "select %s, '+3363998' || lpad(n::text, 7, '0'), "
            "case when n %% 30 = 0 then 'Anaïs' else 'Jean' || n end, 'Martin', "
            "case when n %% 3 > 0 then 'le ' || n end, %s, n from generate_series(1, %s) as n",
            (members, upload, CONTACTS),
        )


def _one(conn: Connection, query: str) -> Any:
    with conn.cursor() as cur:
        cur.execute(query)
        row = cur.fetchone()
    return row[0] if row else None


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    result = work()
    return round(time.monotonic() - began, 2), result
