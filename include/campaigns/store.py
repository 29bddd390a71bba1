"""Clients, lists and campaigns as the database has them, for the steps that change them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, cast

from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.campaigns.faults import Fault, RefusedError
from include.campaigns.spec import Spec
from include.campaigns.template import FIXED
from include.db import sql

OVER = frozenset(("completed", "cancelled", "expired", "failed"))
BEGUN = frozenset(("expanding", "sending"))


@dataclass(frozen=True)
class Client:
    """Who pays, and what it asked for."""

    client_id: int
    code: str
    language: str
    tariff: str
    approve_above: Decimal | None
    quote_required: bool
    low_credit: Decimal
    holidays: str


@dataclass(frozen=True)
class Campaign:
    """A campaign; whoever holds one from ``lock`` is alone with it until the transaction ends."""

    campaign_id: int
    client_id: int
    client: str
    name: str
    list_id: int | None
    state: str
    reason: str | None
    data: dict[str, Any]
    activation_month: date | None
    start_at: datetime | None
    expire_at: datetime | None
    expanded_at: datetime | None
    paused_from: str | None
    exemption: dict[str, Any] | None
    approved_by: str | None

    @property
    def spec(self) -> Spec:
        """What it asks for."""
        return Spec(self.data)

    @property
    def begun(self) -> bool:
        """Whether its messages are made or being made: texts and recipients are frozen."""
        return self.state in BEGUN or self.paused_from in BEGUN or self.expanded_at is not None


def client(conn: Connection, code: str) -> Client:
    """The client of that code; ``RefusedError`` unknown_client."""
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/find_client"), {"code": code})
        row = cur.fetchone()
    if row is None:
        raise RefusedError([Fault("unknown_client", values={"word": code})])
    return Client(*row)


def find_list(conn: Connection, client_id: int, name: str) -> tuple[int, tuple[str, ...]]:
    """The list's id and the variables a text may use; ``RefusedError`` unknown_list."""
    with conn.cursor() as cur:
        cur.execute(
            "select name, list_id, variables from contact_list where client_id = %s", (client_id,)
        )
        lists = {row[0]: (row[1], row[2]) for row in cur.fetchall()}
    if name not in lists:
        close = get_close_matches(name, lists, n=1)
        values = {"word": name, "close": close[0] if close else ""}
        says = "unknown_list_close" if close else None
        raise RefusedError([Fault("unknown_list", None, "list", values, says)])
    list_id, extra = lists[name]
    return list_id, (*FIXED, *extra)


def create(conn: Connection, owner: Client, spec: Spec, list_id: int) -> Campaign:
    """The campaign of that name, made as a draft where there is none, locked."""
    values = {
        "client_id": owner.client_id,
        "name": spec.name,
        "list_id": list_id,
        "purpose": spec.purpose,
        "spec": Json(spec.data),
    }
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/create_campaign"), values)
    found = find(conn, owner.client_id, spec.name)
    if found is None:
        raise RefusedError([Fault("unknown_campaign", values={"word": spec.name})])
    return found


def find(conn: Connection, client_id: int, name: str, *, lock: bool = True) -> Campaign | None:
    """The campaign of that name."""
    return _one(conn, "c.client_id = %(client_id)s and c.name = %(name)s", lock, locals())


def get(conn: Connection, campaign_id: int, *, lock: bool = True) -> Campaign | None:
    """The campaign of that id; with ``lock``, None also where another holds it."""
    return _one(conn, "c.campaign_id = %(campaign_id)s", lock, locals(), skip=True)


def _one(
    conn: Connection, where: str, lock: bool, values: dict[str, Any], *, skip: bool = False
) -> Campaign | None:
    tail = "for no key update of c" + (" skip locked" if skip else "") if lock else ""
    with conn.cursor() as cur:
        cur.execute(f"{sql('campaigns/select_campaign')}\nwhere {where} {tail}", values)
        row = cur.fetchone()
    return None if row is None else Campaign(*row)


def update(conn: Connection, campaign_id: int, **columns: Any) -> None:
    """Set columns of a campaign."""
    pairs = [pgsql.SQL("{} = %s").format(pgsql.Identifier(name)) for name in columns]
    statement = pgsql.SQL("update campaign set {}, updated_at = now() where campaign_id = %s")
    with conn.cursor() as cur:
        cur.execute(statement.format(pgsql.SQL(", ").join(pairs)), (*columns.values(), campaign_id))


def ids(conn: Connection, statement: str, values: dict[str, Any] | None = None) -> Sequence[int]:
    """The first column of a statement's rows."""
    with conn.cursor() as cur:
        cur.execute(sql(f"campaigns/{statement}"), values)
        return [row[0] for row in cur.fetchall()]


def now(conn: Connection) -> datetime:
    """The database's clock, which windows go by."""
    with conn.cursor() as cur:
        cur.execute("select now()")
        row = cur.fetchone()
    return cast(datetime, row[0] if row else None)
