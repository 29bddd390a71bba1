"""What the T reports share: the predefined analyses over the days of the period."""

from typing import Any

from psycopg2.extras import RealDictCursor

from include.db import sql
from include.reports.page import Desk, Row
from include.taxation.analyse import checked


def analysis(desk: Desk, name: str, **parameters: Any) -> list[Row]:
    """The rows of the analysis `name` for the days of the period, in each PBX's own time.

    Outside numbers are masked. What is not given has the default of the analysis.
    """
    period = {"from": desk.period.first.isoformat(), "to": desk.period.last.isoformat()}
    with desk.conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute("select sql_file, parameters from treatment where name = %s", (name,))
        found = cur.fetchone()
        assert found is not None
        values = checked(found["parameters"], {**period, **parameters})
        cur.execute(sql(found["sql_file"]), {f"p_{key}": value for key, value in values.items()})
        return [dict(row) for row in cur.fetchall()]


def named(desk: Desk, rows: list[Row], *keys: str) -> list[Row]:
    """The rows, with a word where one of these keys has nothing."""
    none = desk.t("t1.none")
    return [{**row, **{key: row[key] or none for key in keys}} for row in rows]


def directions(desk: Desk, rows: list[Row]) -> list[Row]:
    """The rows with the direction of the calls in words."""
    return [{**row, "direction": desk.t(f"direction.{row['direction']}")} for row in rows]
