"""Clients: adding one with its folders, changing one, adding credit. By command and by form alike."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import psycopg2
from psycopg2 import sql as pgsql
from psycopg2.extensions import connection as Connection

from include.billing import ledger
from include.billing.tariff import assign
from include.bucket.intake import find_client
from include.bucket.logins import make_folders
from include.bucket.templates import write_templates
from include.db import connect, sql
from include.db.audit import record
from include.db.setting import setting
from include.errors import InputError
from include.settings import settings
from include.storage import Storage

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LANGUAGES = ("fr", "en")
_MOST = Decimal(10) ** 9
_ADDRESS = re.compile(r"[^@\s<>,;:\"()]{1,64}@[^@\s<>,;:\"()]{1,190}")
Told = dict[str, Any]


def add_client(
    code: str,
    name: str | None,
    *,
    by: str,
    credit: str | None = None,
    language: str | None = None,
    tariff: str | None = None,
    approve_above: str | None = None,
    low_credit: str | None = None,
    alert_address: str | None = None,
    once: str | None = None,
) -> Told:
    """A new client, its first credit, its folders in the bucket.

    Limits that are not given are those of the settings. An order with the same ``once`` as one that was
    carried out does nothing more. ``InputError``: bad_client_code, bad_name, bad_amount, bad_language,
    bad_address, unknown_tariff, client_exists.
    """
    if not CODE.fullmatch(code):
        raise InputError(
            "bad_client_code",
            f"{code!r} is no client code: small letters, figures, - and _, at most 63",
            f"{code!r} n'est pas un code de client : minuscules, chiffres, - et _, 63 au plus",
        )
    given = _checked(
        name=name or "", language=language or "fr", tariff=tariff or "default",
        approve_above=approve_above, low_credit=low_credit, alert_address=alert_address,
    )  # fmt: skip
    first = amount(credit) if credit is not None else Decimal(0)
    with connect() as conn, conn.cursor() as cur:
        if _carried_out(conn, once):
            return {"code": code, "already": True}
        given = _limits(conn) | given
        wanted = given.pop("tariff")
        cur.execute(
            sql("bucket/add_client"),
            {"approve_above": None, **given, "code": code, "tariff": "default"},
        )
        row = cur.fetchone()
        if row is None:
            raise InputError(
                "client_exists",
                f"there is a client {code} already",
                f"le client {code} existe déjà",
            )
        _update(conn, row[0], given)
        if wanted != "default":
            assign(conn, code, wanted)
        if first:
            ledger.topup(conn, row[0], first, by)
        told = {"code": code, **given, "tariff": wanted, "credit": first}
        record(conn, by, "client_add", f"client:{code}", **_plain(told), **_named(once))
    _make_folders(code)
    return {**told, "inbox": f"clients/{code}/inbox"}


def edit_client(code: str, *, by: str, **changes: str | None) -> Told:
    """Change ``name``, ``language``, ``tariff``, ``approve_above``, ``low_credit``, ``alert_address``.

    What is None stays; an empty ``approve_above`` or ``alert_address`` takes it away. ``InputError``
    as in ``add_client``, and no_such_client.
    """
    client, values = find_client(code), _checked(**changes)
    if not values:
        raise InputError("nothing_to_change", "nothing to change", "rien à changer")
    with connect() as conn, conn.cursor() as cur:
        tariff = values.pop("tariff", None)
        if tariff is not None:
            assign(conn, code, tariff)
        _update(conn, client.client_id, values)
        cur.execute(
            "select code, name, language, tariff, approve_above, low_credit, alert_address "
            "from client where client_id = %s",
            (client.client_id,),
        )
        names = [column.name for column in cur.description or ()]
        told = dict(zip(names, cur.fetchone() or (), strict=True))
        changed = {key: told[key] for key, value in changes.items() if value is not None}
        record(conn, by, "client_edit", f"client:{code}", **_plain(changed))
    return told


def top_up(code: str, text: str, *, by: str, once: str | None = None) -> Told:
    """Add credit (EUR, net of VAT), once only for each ``once``.

    ``InputError``: bad_amount, no_such_client.
    """
    added, client = amount(text), find_client(code)
    if not added:
        raise InputError("bad_amount", "the amount is zero", "le montant est nul")
    with connect() as conn:
        if _carried_out(conn, once):
            now = ledger.balance(conn, client.client_id).available
            return {"client": code, "added": Decimal(0), "credit": now, "already": True}
        ledger.topup(conn, client.client_id, added, by)
        now = ledger.balance(conn, client.client_id).available
        told = {"added": str(added), "credit": str(now), **_named(once)}
        record(conn, by, "client_topup", f"client:{code}", **told)
    return {"client": code, "added": added, "credit": now}


def administer(action: str, *, by: str, code: str, once: str, **form: str | None) -> Told:
    """What the form of ``client_admin`` asks: ``add``, ``edit`` or ``topup``; what became of it.

    ``once`` names the run: carried out again, after a clearing, it adds nothing.
    """
    credit = form.pop("credit", None) or None
    given = {key: value for key, value in form.items() if value not in (None, "")}
    orders: dict[str, Callable[[], Told]] = {
        "add": lambda: add_client(
            code, given.pop("name", None), by=by, credit=credit, once=once, **given
        ),
        "edit": lambda: edit_client(code, by=by, **given),
        "topup": lambda: top_up(code, credit or "", by=by, once=once),
    }
    if action not in orders:
        raise InputError(
            "unknown_action",
            f"{action!r} is not an action ({', '.join(orders)})",
            f"{action!r} n'est pas une action ({', '.join(orders)})",
        )
    return _plain(orders[action]())


def amount(text: str) -> Decimal:
    """An amount in EUR as people write it; ``InputError`` bad_amount."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    exponent = value.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent >= -4
    if not exact or not 0 <= value < _MOST:
        raise InputError(
            "bad_amount",
            f"{text!r} is no amount in EUR, such as 100.00",
            f"{text!r} n'est pas un montant en euros, tel que 100.00",
        )
    return value


def _checked(**given: str | None) -> Told:
    values: Told = {key: value for key, value in given.items() if value is not None}
    for key in ("approve_above", "low_credit"):
        if values.get(key):
            values[key] = amount(values[key])
        elif key in values:
            values[key] = None if key == "approve_above" else Decimal(0)
    name = values.get("name")
    if name is not None and not 1 <= len(name.strip()) <= 200:
        raise InputError(
            "bad_name", "a name has 1 to 200 characters", "un nom a de 1 à 200 caractères"
        )
    if values.get("language", "fr") not in LANGUAGES:
        raise InputError("bad_language", "a language is fr or en", "une langue est fr ou en")
    address = values.get("alert_address")
    if address and not _ADDRESS.fullmatch(address):
        raise InputError(
            "bad_address", f"{address!r} is no mail address", f"{address!r} n'est pas une adresse"
        )
    if address == "":
        values["alert_address"] = None
    return values


def _named(once: str | None) -> Told:
    return {"once": once} if once else {}


def _carried_out(conn: Connection, once: str | None) -> bool:
    """Whether the order of this name was carried out; whoever asks at the same time waits."""
    if once is None:
        return False
    with conn.cursor() as cur:
        cur.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7226011))", (once,))
        cur.execute(sql("operations/find_order"), {"once": once})
        return cur.fetchone() is not None


def _limits(conn: Connection) -> Told:
    kept = setting(conn, "limits")
    return {key: Decimal(str(value)) for key, value in kept.items() if value is not None}


def _update(conn: Connection, client_id: int, values: Told) -> None:
    if not values:
        return
    pairs = [pgsql.SQL("{} = %s").format(pgsql.Identifier(name)) for name in values]
    statement = pgsql.SQL("update client set {} where client_id = %s").format(
        pgsql.SQL(", ").join(pairs)
    )
    with conn.cursor() as cur:
        try:
            cur.execute(statement, (*values.values(), client_id))
        except psycopg2.DataError as error:  # a character that PostgreSQL does not take
            raise InputError("bad_value", str(error).splitlines()[0]) from None


def _plain(document: Told) -> Told:
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in document.items()}


def _make_folders(code: str) -> None:
    """Folders to drop into, and the models."""
    storage = Storage(settings().bucket_url)
    write_templates(storage)
    make_folders(storage, code)
