"""Statements live in ``include/sql/<area>/<verb_noun>.sql``, each with a line that says why."""

from functools import cache
from pathlib import Path

SQL = Path(__file__).resolve().parent.parent / "sql"


@cache
def sql(name: str) -> str:
    """The text of the statement ``area/verb_noun``, with psycopg2's ``%(name)s`` parameters."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
