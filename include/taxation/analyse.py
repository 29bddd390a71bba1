"""The predefined analyses: plain SQL files, run with parameters, their results kept."""

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from include.db import connect, sql
from include.errors import InputError, Place
from include.taxation import profiles

READER = "smsswitch_reader"
UNMASK = "smsswitch_unmask"


def treatments() -> list[dict[str, Any]]:
    """Every analysis: ``{"name", "title_en", "title_fr", "parameters", "triggers", "threshold"}``."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/list_treatments"))
        return [row for (row,) in cur.fetchall()]


def analyse(
    name: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    trigger: str = "manual",
    actor: str | None = None,
    unmask: str | None = None,
    occasion: str | None = None,
) -> dict[str, Any]:
    """Run one analysis with a reader's rights (numbers masked) and keep what it found.

    ``{"run_id", "treatment", "parameters", "columns", "rows"}``, rows as lists; ``run_id`` is None if
    it was run for that ``occasion`` before. ``actor`` (``ops:nadia``) needs a profile that allows it;
    None is the centre itself. ``unmask`` says why that person needs whole numbers: it is audited
    before anything is read, and the rows are not kept. Raises ``InputError``: ``unknown_treatment``,
    ``bad_parameter``, ``not_allowed``.
    """
    with connect() as conn:
        file, schema = _definition(conn, name)
        values = checked(schema, dict(parameters or {}))
        if unmask is not None and actor is None:
            raise InputError("not_allowed", "whole numbers are for a person who says why")
        if actor is not None:
            profiles.check(conn, actor, name, unmask=unmask is not None)
        if unmask is not None:
            _open_unmasking(conn, unmask, actor)
        started = time.monotonic()
        columns, rows = _select(conn, file, values, whole=unmask is not None)
        run = {
            "treatment": name,
            "trigger": trigger,
            "parameters": json.dumps(values),
            "seconds": time.monotonic() - started,
            "columns": columns,
            "result_rows": len(rows),
            "occasion": occasion,
            "actor": actor or "centre",
            "unmasked": unmask is not None,
        }
        run_id = _keep(conn, run, rows if unmask is None else [])
    return {
        "run_id": run_id,
        "treatment": name,
        "parameters": values,
        "columns": columns,
        "rows": rows,
    }


def _definition(conn: Connection, name: str) -> tuple[str, dict[str, Any]]:
    with conn.cursor() as cur:
        cur.execute("select sql_file, parameters from treatment where name = %s", (name,))
        row = cur.fetchone()
    if row is None:
        known = ", ".join(each["name"] for each in treatments())
        raise InputError(
            "unknown_treatment",
            f"there is no analysis {name!r}; there are: {known}",
            f"il n'y a pas d'analyse {name!r} ; il y a : {known}",
        )
    return row


def checked(schema: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Every parameter of the schema: as given (numbers may be text), or its default.

    Raises ``InputError`` (``bad_parameter``).
    """
    fields = schema.get("properties", {})
    values = {key: _number(fields.get(key, {}), value) for key, value in given.items()}
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for error in validator.iter_errors(values):
        field = str(error.path[0]) if error.path else None
        raise InputError(
            "bad_parameter", f"{field or 'parameters'}: {error.message}", place=Place(field=field)
        )
    return {key: values.get(key, spec.get("default")) for key, spec in fields.items()}


def _number(spec: Mapping[str, Any], value: Any) -> Any:
    if not isinstance(value, str) or not value.isascii():
        return value
    if spec.get("type") == "integer" and value.isdigit():
        return int(value)
    if spec.get("type") == "number" and value.replace(".", "", 1).isdigit():
        return float(value)
    return value


def _open_unmasking(conn: Connection, reason: str, actor: str | None) -> None:
    """Committed before anything is read: whoever looks has been written down."""
    if len(reason.strip()) < 3:
        raise InputError("reason_needed", "say why whole numbers are needed")
    with conn.cursor() as cur:
        cur.execute("select open_unmasking(%s, %s)", (reason, actor))
    conn.commit()


def _select(
    conn: Connection, file: str, values: dict[str, Any], *, whole: bool
) -> tuple[list[str], list[list[Any]]]:
    with conn.cursor() as cur:
        if whole:
            cur.execute("set local search_path = unmasked, public")
        cur.execute(f"set local role {UNMASK if whole else READER}")
        cur.execute(sql(file), {f"p_{key}": value for key, value in values.items()})
        columns = [column.name for column in cur.description or ()]
        rows = [[_plain(value) for value in row] for row in cur.fetchall()]
        cur.execute("set local role smsswitch_app; set local search_path = public")
    return columns, rows


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, int | float | str | bool):
        return value
    return str(value)


def _keep(conn: Connection, run: dict[str, Any], rows: list[list[Any]]) -> int | None:
    with conn.cursor() as cur:
        cur.execute(sql("taxation/insert_run"), run)
        row = cur.fetchone()
        if row is None:
            return None
        found = [
            (row[0], number, json.dumps(dict(zip(run["columns"], row_values, strict=True))))
            for number, row_values in enumerate(rows, 1)
        ]
        execute_values(cur, "insert into treatment_result values %s", found, page_size=1000)
    return int(row[0])
