"""The telephone exchanges whose spools are read, and how each writes."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from psycopg2.extensions import connection as Connection

from include.db import connect, sql
from include.errors import InputError
from include.taxation.charset import is_like_ascii

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
POLICIES = ("evolve", "freeze", "approve")
DIAL_PLAN_KEYS = ("outside", "international", "national", "country")


@dataclass(frozen=True)
class Pbx:
    """What reading its files needs to know."""

    code: str
    timezone: str
    charset: str
    blanks_stripped: bool
    policy: str


def find(conn: Connection, code: str) -> Pbx | None:
    """The PBX of that code, if it is known."""
    with conn.cursor() as cur:
        cur.execute(sql("taxation/find_pbx"), {"code": code})
        row = cur.fetchone()
    return Pbx(*row) if row else None


def find_or_create(conn: Connection, code: str) -> tuple[Pbx, bool]:
    """The PBX of that code, made with the defaults if it is new; whether it was."""
    if not CODE.fullmatch(code):
        raise InputError(
            "bad_pbx_code",
            f"{code!r} is not a PBX code: small letters, digits, - and _ only",
            f"{code!r} n'est pas un code de PBX : minuscules, chiffres, - et _ seulement",
        )
    known = find(conn, code)
    if known is not None:
        return known, False
    with conn.cursor() as cur:
        cur.execute("insert into pbx (code) values (%s) on conflict do nothing", (code,))
        created = cur.rowcount == 1
    found = find(conn, code)
    assert found is not None
    return found, created


def add(
    code: str,
    *,
    client: str | None = None,
    timezone: str | None = None,
    charset: str | None = None,
    dial_plan: dict[str, Any] | None = None,
    policy: str | None = None,
    blanks_stripped: bool | None = None,
) -> dict[str, Any]:
    """Make a PBX known, or change what is given of a known one; its settings as they are now.

    Raises ``InputError`` for a code, client, zone, charset, policy or dial plan that is none.
    """
    _check(timezone, charset, dial_plan, policy)
    with connect() as conn:
        find_or_create(conn, code)
        with conn.cursor() as cur:
            cur.execute(
                sql("taxation/set_pbx"),
                {
                    "code": code,
                    "client_id": _client_id(conn, client),
                    "timezone": timezone,
                    "charset": charset,
                    "dial_plan": json.dumps(dial_plan) if dial_plan else None,
                    "policy": policy,
                    "blanks_stripped": blanks_stripped,
                },
            )
            (row,) = cur.fetchone() or (None,)
    return dict(row or {})


def read_dial_plan(path: Path) -> dict[str, str]:
    """A dial plan from a YAML or JSON file: digits for outside, international, national, country."""
    try:
        plan = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError("bad_dial_plan", f"{path}: {str(error).splitlines()[0]}") from None
    if not isinstance(plan, dict):
        raise InputError("bad_dial_plan", f"{path} is not a mapping")
    return {str(key): str(value) for key, value in plan.items()}


def _client_id(conn: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    with conn.cursor() as cur:
        cur.execute("select client_id from client where code = %s", (code,))
        row = cur.fetchone()
    if row is None:
        raise InputError(
            "unknown_client", f"there is no client {code!r}", f"client {code!r} inconnu"
        )
    return int(row[0])


def _check(
    timezone: str | None, charset: str | None, dial_plan: dict[str, Any] | None, policy: str | None
) -> None:
    if timezone is not None:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InputError("bad_timezone", f"{timezone!r} is not a time zone") from None
    if charset is not None and not is_like_ascii(charset):
        raise InputError("bad_charset", f"{charset!r} is not a character set that holds ASCII")
    if policy is not None and policy not in POLICIES:
        raise InputError("bad_policy", f"policy must be one of {', '.join(POLICIES)}")
    for key, value in (dial_plan or {}).items():
        if key not in DIAL_PLAN_KEYS or not re.fullmatch(r"\d{0,6}", str(value)):
            raise InputError(
                "bad_dial_plan",
                f"a dial plan gives digits for {', '.join(DIAL_PLAN_KEYS)}; not {key}: {value!r}",
            )
