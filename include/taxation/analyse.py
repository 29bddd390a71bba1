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

READER = "smsswitch_reader"


def treatments() -> list[dict[str, Any]]:
    """Every analysis: ``{"name", "title_en", "title_fr", "parameters", "triggers"}``."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/list_treatments"))
        return [row for (row,) in cur.fetchall()]


def analyse(
    name: str, parameters: Mapping[str, Any] | None = None, *, trigger: str = "manual"
) -> dict[str, Any]:
    """Run one analysis with a reader's rights (numbers masked) and keep what it found.

    ``{"run_id", "treatment", "parameters", "columns", "rows"}``, rows as lists. Raises ``InputError``:
    ``unknown_treatment``, ``bad_parameter``.
    """
    with connect() as conn:
        file, schema = _definition(conn, name)
        values = _checked(schema, dict(parameters or {}))
        started = time.monotonic()
        columns, rows = _select(conn, file, values)
        seconds = time.monotonic() - started
        run = {
            "treatment": name,
            "trigger": trigger,
            "parameters": json.dumps(values),
            "seconds": seconds,
            "columns": columns,
            "result_rows": len(rows),
        }
        run_id = _keep(conn, run, rows)
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


def _checked(schema: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    fields = schema.get("properties", {})
    values = {
        key: int(value) if _is_whole(fields.get(key, {}), value) else value
        for key, value in given.items()
    }
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for error in validator.iter_errors(values):
        field = str(error.path[0]) if error.path else None
        raise InputError(
            "bad_parameter", f"{field or 'parameters'}: {error.message}", place=Place(field=field)
        )
    return {key: values.get(key, spec.get("default")) for key, spec in fields.items()}


def _is_whole(spec: Mapping[str, Any], value: Any) -> bool:
    text = str(value)
    return spec.get("type") == "integer" and text.isascii() and text.isdigit()


def _select(
    conn: Connection, file: str, values: dict[str, Any]
) -> tuple[list[str], list[list[Any]]]:
    with conn.cursor() as cur:
        cur.execute(f"set local role {READER}")
        cur.execute(sql(file), {f"p_{key}": value for key, value in values.items()})
        columns = [column.name for column in cur.description or ()]
        rows = [[_plain(value) for value in row] for row in cur.fetchall()]
        cur.execute("set local role smsswitch_app")
    return columns, rows


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value if value is None or isinstance(value, int | str | bool) else str(value)


def _keep(conn: Connection, run: dict[str, Any], rows: list[list[Any]]) -> int:
    with conn.cursor() as cur:
        cur.execute(sql("taxation/insert_run"), run)
        (run_id,) = cur.fetchone() or (0,)
        found = [
            (run_id, number, json.dumps(dict(zip(run["columns"], row, strict=True))))
            for number, row in enumerate(rows, 1)
        ]
        execute_values(cur, "insert into treatment_result values %s", found, page_size=1000)
    return int(run_id)
