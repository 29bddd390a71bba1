"""The way to PostgreSQL: connections with a role, statements kept in .sql files, migrations."""

from include.db.connect import connect
from include.db.statements import sql

__all__ = ["connect", "sql"]
