"""The centre as a host sees it: five functions in PostgreSQL, and a channel that wakes."""

import json
import logging
import select
import uuid
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from sms_sender.errors import CentreUnreachable, Fenced, ProtocolError, Refused, SenderError
from sms_sender.runtime import HERE, Runtime

log = logging.getLogger(__name__)
_CONNECT: dict[str, Any] = {
    "application_name": "sms-sender",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_PASSING = ("08", "40", "53", "55", "57", "58", "28")


class Centre:
    """One connection, used by one thread. Every call is a transaction of its own.

    Calls raise CentreUnreachable when trying again later may work, Fenced and Refused when it will
    not. A call that failed half-way may be repeated: the functions are idempotent.
    """

    def __init__(self, server: str, journal_id: uuid.UUID, runtime: Runtime = HERE) -> None:
        self._clock = runtime.time
        self._server = server
        self._journal = str(journal_id)
        self._conn: psycopg2.extensions.connection | None = None
        self._ahead = 0.0
        self.epoch = 0
        self.channel: str | None = None

    @property
    def connected(self) -> bool:
        """Whether the last call found the centre."""
        return self._conn is not None

    def time(self) -> float:
        """Return the time on the centre's clock as last heard, in seconds since the epoch."""
        return self._clock() + self._ahead

    def set_clock(self, server_time: str) -> None:
        """Learn what time it is there."""
        self._ahead = datetime.fromisoformat(server_time).timestamp() - self._clock()

    def connect(self) -> None:
        """Log in, and listen on the group's channel once it is known."""
        if self._conn is not None:
            return
        try:
            conn = psycopg2.connect(self._server, **_CONNECT)
            conn.autocommit = True
        except psycopg2.Error as error:
            raise CentreUnreachable(_line(error)) from error
        self._conn = conn
        self._listen()

    def register(self, mac: str, boot_id: str, host: dict[str, str]) -> dict[str, Any]:
        """Say who this is; from now on earlier processes of this group are fenced."""
        answer = self._call(
            "register_host_v1", ("macaddr", mac), ("uuid", self._journal), ("text", boot_id), host
        )
        self.epoch = int(answer["epoch"])
        self.channel = str(answer["channel"])
        self._listen()
        return answer

    def claim(self, token: str) -> dict[str, Any]:
        """Ask for a batch under a token that is written down already."""
        return self._call(
            "claim_batch_v1",
            ("bigint", self.epoch),
            ("uuid", self._journal),
            ("uuid", token),
        )

    def report(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        """Say what became of segments."""
        return self._call(
            "report_results_v1", ("bigint", self.epoch), ("uuid", self._journal), results
        )

    def reconcile(self, results: list[dict[str, Any]], complete: bool) -> dict[str, Any]:
        """Tell a restored centre what this host knows; `complete` with the last of it."""
        return self._call(
            "reconcile_v1",
            ("bigint", self.epoch),
            ("uuid", self._journal),
            results,
            ("boolean", complete),
        )

    def heartbeat(self, status: dict[str, Any]) -> dict[str, Any]:
        """Say how the host is; learn what is revoked."""
        return self._call("heartbeat_v1", ("bigint", self.epoch), ("uuid", self._journal), status)

    def inbound(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        """Hand over what the modems received."""
        return self._call(
            "report_inbound_v1", ("bigint", self.epoch), ("uuid", self._journal), messages
        )

    def wait(self, wake: int, timeout: float) -> bool:
        """Wait for a notification, for a byte on the descriptor `wake`, or for the time to pass.

        Returns whether the centre notified.
        """
        descriptors: list[Any] = [wake]
        if self._conn is not None and self._notified():
            return True
        if self._conn is not None:  # asking may have found it lost
            descriptors.append(self._conn)
        try:
            ready, _, _ = select.select(descriptors, [], [], max(timeout, 0))
        except (OSError, ValueError, psycopg2.Error):
            self.close()
            return False
        return self._conn in ready and self._conn is not None and self._notified()

    def close(self) -> None:
        """End the connection; never raises."""
        conn, self._conn = self._conn, None
        if conn is not None:
            try:
                conn.close()
            except psycopg2.Error as error:
                log.debug("closing: %s", error)

    def _notified(self) -> bool:
        conn = self._conn
        if conn is None:
            return False
        try:
            conn.poll()
        except psycopg2.Error as error:
            log.warning("connection lost: %s", _line(error))
            self.close()
            return False
        found = bool(conn.notifies)
        conn.notifies.clear()
        return found

    def _listen(self) -> None:
        if self._conn is None or self.channel is None:
            return
        try:
            with self._conn.cursor() as cur:
                cur.execute(sql.SQL("listen {}").format(sql.Identifier(self.channel)))
        except psycopg2.Error as error:
            self.close()
            raise CentreUnreachable(_line(error)) from error

    def _call(self, function: str, *arguments: Any) -> dict[str, Any]:
        self.connect()
        if self._conn is None:
            raise CentreUnreachable("not connected")
        statement, values = _statement(function, arguments)
        try:
            with self._conn.cursor() as cur:
                cur.execute(statement, values)
                row = cur.fetchone()
        except psycopg2.Error as error:
            raise self._judge(function, error) from error
        if row is None or not isinstance(row[0], dict):
            raise ProtocolError(f"{function}: no answer")
        return row[0]

    def _judge(self, function: str, error: psycopg2.Error) -> SenderError:
        judged = judge(error.pgcode, f"{function}: {_line(error)}")
        if isinstance(judged, CentreUnreachable) or self._conn is None or self._conn.closed:
            self.close()
            if isinstance(judged, ProtocolError):
                return CentreUnreachable(str(judged))
        return judged


def judge(code: str | None, message: str) -> SenderError:
    """Return what an SQLSTATE means to a host."""
    if code == "SM409":
        return Fenced(message)
    if code in {"P0002", "22023"}:
        return Refused(message)
    if code is None or code.startswith(_PASSING):
        return CentreUnreachable(message)
    return ProtocolError(f"{message} ({code})")


def _statement(function: str, arguments: tuple[Any, ...]) -> tuple[sql.Composed, list[object]]:
    slots: list[sql.Composable] = []
    values: list[object] = []
    for argument in arguments:
        if isinstance(argument, tuple):
            kind, value = argument
        else:
            kind, value = "jsonb", json.dumps(argument, ensure_ascii=False)
        slots.append(sql.SQL("%s::{}").format(sql.Identifier("pg_catalog", kind_name(kind))))
        values.append(value)
    call = sql.SQL("select {}({})").format(
        sql.Identifier("api", function), sql.SQL(", ").join(slots)
    )
    return call, values


def kind_name(kind: str) -> str:
    """Return the name of a type as the catalogue spells it."""
    return {"bigint": "int8", "boolean": "bool"}.get(kind, kind)


def _line(error: BaseException) -> str:
    """Return one line for a person; libpq's messages name no password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
