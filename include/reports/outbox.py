"""One client's outbox: what is written there, and whether it would say anything new."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from include.db import sql
from include.pages import Formats, Words
from include.storage import Storage

Row = Mapping[str, Any]


@dataclass
class Outbox:
    """One client's outbox, written from one snapshot of the database."""

    conn: Connection
    storage: Storage
    client: Row
    zone: str
    at: datetime
    written: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """The client's language."""
        return str(self.client["language"])

    @property
    def t(self) -> Words:
        """The client's words."""
        return Words(self.lang, self.f)

    @property
    def f(self) -> Formats:
        """The client's way of writing numbers and dates."""
        return Formats(self.lang, self.zone)

    def rows(self, statement: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of `sql/reports/<statement>.sql`; it may use %(client_id)s."""
        with self.conn.cursor(cursor_factory=RealDictCursor) as cur:
            cur.execute(
                sql(f"reports/{statement}"), {"client_id": self.client["client_id"], **params}
            )
            return [dict(row) for row in cur.fetchall()]

    def key(self, name: str) -> str:
        """A key in this outbox."""
        return f"clients/{self.client['code']}/outbox/{name}"

    def write(self, name: str, data: bytes | str) -> None:
        """Write a file of this outbox."""
        key = self.key(name)
        self.storage.write_bytes(key, data.encode() if isinstance(data, str) else data)
        self.written.append(key)

    def changed(self, page: str, facts: Any, main_file: str) -> bool:
        """Whether the page `page`, whose file is `main_file`, would say something else than it does."""
        text = json.dumps(facts, default=str, sort_keys=True) + self.lang + version("smsswitch")
        digest = sha256(text.encode()).hexdigest()
        known = self.rows("known_page", page=page)
        if known and known[0]["digest"] == digest and self.storage.exists(self.key(main_file)):
            return False
        self.digests[page] = digest
        return True
