"""The way to PostgreSQL: connections with a role, statements kept in .sql files, migrations."""

from include.db.connect import connect, kept_sessions
from include.db.statements import sql

__all__ = ["connect", "kept_sessions", "sql"]
