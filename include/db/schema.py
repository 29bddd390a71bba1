"""The golden ``schema.sql``: what a fresh database looks like after every migration.

``python -m include.db.schema PG_DUMP URL`` prints it; a test holds it against the database.
"""

import re
import subprocess
import sys
from pathlib import Path

from include.db.statements import SQL

GOLDEN = SQL / "schema.sql"
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*|)$")


def dump(pg_dump: Path | str, url: str) -> str:
    """The database's definition by pg_dump, without what differs from server to server."""
    command = [str(pg_dump), "--schema-only", "--no-owner", "--dbname", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not _NOISE.match(line)]
    return "-- Made by `make schema`; do not edit.\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dump(sys.argv[1], sys.argv[2]))
