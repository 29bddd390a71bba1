"""Rewrite docs/data-dictionary.md from the comments that the migrations give to tables and columns."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg2

from include.db.migrate import migrate
from include.stack import postgres

DICTIONARY = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"
HEAD = """# Data dictionary

Every table, view and column of the business database, with what the database itself says of it.
Made by `make docs-data`; a test holds it against the migrations. Partitions are left out,
and so are the columns of `taxdata` that ticket layouts add.
"""
COLUMNS = """
select c.relkind, c.relname, obj_description(c.oid, 'pg_class'), a.attname,
  format_type(a.atttypid, a.atttypmod),
  a.attnotnull, col_description(c.oid, a.attnum),
  (
    select string_agg(pg_get_constraintdef(f.oid), ' ' order by f.conname) from pg_constraint as f
    where f.conrelid = c.oid and f.contype = 'f' and f.conkey = array[a.attnum]
  )
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = 'public' and c.relkind in ('r', 'p', 'v') and not c.relispartition
order by c.relname, a.attnum
"""
FUNCTIONS = """
select p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc')
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where n.nspname = 'api'
order by 1
"""
ENUMS = """
select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder)
from pg_type as t join pg_enum as e on e.enumtypid = t.oid
join pg_namespace as n on n.oid = t.typnamespace
where n.nspname = 'public'
group by 1 order by 1
"""


def text(url: str) -> str:
    """The whole page, of the database at `url`."""
    with closing(psycopg2.connect(url)) as conn, conn.cursor() as cur:
        cur.execute("set search_path = public")
        cur.execute(COLUMNS)
        tables = [*_tables(cur.fetchall())]
        cur.execute(ENUMS)
        states = [
            f"| `{name}` | {', '.join(f'`{v}`' for v in values)} |"
            for name, values in cur.fetchall()
        ]
        cur.execute(FUNCTIONS)
        functions = [f"| `{name}` | {_cell(said)} |" for name, said in cur.fetchall()]
    parts = [
        HEAD,
        *tables,
        "\n## Lists of words\n| type | values |\n|---|---|\n" + "\n".join(states) + "\n",
        "\n## Functions for hosts (schema `api`)\n| function | |\n|---|---|\n"
        + "\n".join(functions)
        + "\n",
    ]
    return "".join(parts)


def _tables(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    for (kind, name, said), columns in groupby(rows, key=lambda row: row[:3]):
        view = " (view)" if kind == "v" else ""
        lines = [
            f"\n## {name}{view}",
            *([said] if said else []),
            "",
            "| column | type | |",
            "|---|---|---|",
        ]
        for _, _, _, column, form, needed, about, foreign in columns:
            optional = "" if needed or kind == "v" else ", may be null"
            target = (foreign or "").partition("REFERENCES ")[2].partition("(")[0]
            points = f"→ `{target}`" if target else ""
            words = " ".join(part for part in (points, _cell(about)) if part)
            lines.append(f"| `{column}` | {form}{optional} | {words} |")
        yield "\n".join(lines) + "\n"


def _cell(said: str | None) -> str:
    return (said or "").replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        server = postgres.start(data, fast=True)
        try:
            migrate(server.url)
            DICTIONARY.write_text(text(server.url), encoding="utf-8")
        finally:
            postgres.stop(data)
    sys.stdout.write(f"{DICTIONARY.name} written\n")


if __name__ == "__main__":
    main()
