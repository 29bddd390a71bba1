"""Tariffs in the database: versions by ``valid_from``, never changed once loaded."""

from datetime import date
from functools import lru_cache
from json import dumps
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from include.billing.model import Tariff
from include.billing.tariff_file import build, digest, read_file
from include.db import sql
from include.errors import InputError

DEFAULT = "default"
SHIPPED = Path(__file__).with_name("tariffs") / "default.yaml"


def current(conn: Connection, code: str, on_date: date) -> Tariff:
    """The version of a tariff that counts on a day.

    The ``default`` tariff that ships with the project is loaded if there is none of that name.
    Raises ``InputError``: ``unknown_tariff``, ``no_tariff_version``.
    """
    if code == DEFAULT:
        ensure_default(conn)
    with conn.cursor() as cur:
        cur.execute(sql("billing/find_tariff"), {"code": code, "on_day": on_date})
        row = cur.fetchone()
    if row is None:
        raise _missing(conn, code, on_date)
    return _built(row[0], dumps(row[1], sort_keys=True))


def version(conn: Connection, tariff_id: int) -> Tariff:
    """One version by its id, as it was loaded."""
    with conn.cursor() as cur:
        cur.execute("select document from tariff where tariff_id = %s", (tariff_id,))
        row = cur.fetchone()
    if row is None:
        raise InputError("unknown_tariff", f"there is no tariff version {tariff_id}")
    return _built(tariff_id, dumps(row[0], sort_keys=True))


@lru_cache(maxsize=32)
def _built(tariff_id: int, document: str) -> Tariff:
    from dataclasses import replace
    from json import loads

    return replace(build(loads(document)), tariff_id=tariff_id)


def ensure_default(conn: Connection) -> int:
    """The id of a version of the ``default`` tariff; the shipped one is loaded if there is none."""
    with conn.cursor() as cur:
        cur.execute("select min(tariff_id) from tariff where code = %s", (DEFAULT,))
        (known,) = cur.fetchone() or (None,)
    return int(known) if known is not None else load(conn, read_file(SHIPPED))["tariff_id"]


def load(conn: Connection, tariff: Tariff) -> dict[str, Any]:
    """Add a checked tariff as a version; the same content again is no new version.

    ``{"tariff_id", "tariff", "valid_from", "version", "created"}``.
    """
    values = {
        "code": tariff.code,
        "valid_from": tariff.valid_from,
        "currency": tariff.currency,
        "document": dumps(tariff.document),
        "sha256": digest(tariff.document),
    }
    with conn.cursor() as cur:
        cur.execute(
            "select pg_advisory_xact_lock(hashtext('smsswitch tariff ' || %(code)s))", values
        )
        cur.execute(sql("billing/insert_tariff"), values)
        created = cur.rowcount == 1
        cur.execute(
            "select tariff_id, version from tariff where code = %(code)s and sha256 = %(sha256)s",
            values,
        )
        tariff_id, number = cur.fetchone() or (0, 0)
    return {
        "tariff_id": tariff_id,
        "tariff": tariff.code,
        "valid_from": tariff.valid_from.isoformat(),
        "version": number,
        "created": created,
    }


def _missing(conn: Connection, code: str, on_date: date) -> InputError:
    with conn.cursor() as cur:
        cur.execute("select min(valid_from) from tariff where code = %s", (code,))
        (first,) = cur.fetchone() or (None,)
    if first is None:
        return InputError(
            "unknown_tariff", f"there is no tariff {code!r}", f"il n'y a pas de tarif {code!r}"
        )
    return InputError(
        "no_tariff_version",
        f"tariff {code!r} has no version on {on_date}: the first is of {first}",
        f"le tarif {code!r} n'a pas de version au {on_date} : la première est du {first}",
    )


def assign(conn: Connection, client: str, code: str) -> None:
    """Let a client pay by a tariff. Raises ``InputError`` if either is unknown."""
    if code == DEFAULT:
        ensure_default(conn)
    with conn.cursor() as cur:
        cur.execute("select from tariff where code = %s limit 1", (code,))
        if cur.fetchone() is None:
            raise InputError("unknown_tariff", f"there is no tariff {code!r}")
        cur.execute("update client set tariff = %s where code = %s", (code, client))
        if cur.rowcount == 0:
            raise InputError("unknown_client", f"there is no client {client!r}")


def versions(conn: Connection, code: str | None = None) -> list[dict[str, Any]]:
    """Every version, or those of one tariff."""
    with conn.cursor() as cur:
        cur.execute(sql("billing/list_tariffs"), {"code": code})
        return [row for (row,) in cur.fetchall()]


def differences(before: Any, after: Any, place: str = "") -> list[dict[str, Any]]:
    """Where two documents differ: ``{"place", "before", "after"}``, in order of place."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key in sorted({*before, *after})
            for found in differences(before.get(key), after.get(key), f"{place}.{key}".strip("."))
        ]
    if isinstance(before, list) and isinstance(after, list):
        size = max(len(before), len(after))
        padded = [[*each, *[None] * (size - len(each))] for each in (before, after)]
        return [
            found
            for index, (one, other) in enumerate(zip(*padded, strict=True))
            for found in differences(one, other, f"{place}[{index}]")
        ]
    return [] if before == after else [{"place": place, "before": before, "after": after}]
