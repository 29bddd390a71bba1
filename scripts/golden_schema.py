"""Rewrite include/sql/schema.sql: migrate an empty database of an own PostgreSQL, and dump it."""

import tempfile
from pathlib import Path

from include.db.migrate import migrate
from include.db.schema import GOLDEN, dump
from include.stack import postgres


def main() -> None:
    """Write the golden file."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        server = postgres.start(data, fast=True)
        try:
            migrate(server.url)
            GOLDEN.write_text(dump(server.bin_dir / "pg_dump", server.url), encoding="utf-8")
        finally:
            postgres.stop(data)


if __name__ == "__main__":
    main()
