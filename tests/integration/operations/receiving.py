"""Real servers that take what alerts send: mails by SMTP, documents by HTTP."""

import json
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from include.operations.settings import apply


class Post:
    """A mail server that keeps what it took; ``refuses`` makes it answer 451."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 not now"
        parsed = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 taken"


class Office:
    """The mail server's process, which can go away and come back at the same address."""

    def __init__(self, port: int) -> None:
        self.post, self.port = Post(), port
        self.running: Controller | None = None

    def open(self) -> None:
        self.running = Controller(self.post, hostname="127.0.0.1", port=self.port)
        self.running.start()

    def shut(self) -> None:
        if self.running is not None:
            self.running.stop()
        self.running = None


class Hook(HTTPServer):
    """A webhook that keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.taken: list[Any] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?secret=s3cret"


class _Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status < 300:
            self.server.taken.append(document)
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def receivers(*entries: str) -> None:
    lines = "".join(f"    - {entry}\n" for entry in entries)
    apply(f"version: 1\nalerts:\n  receivers:\n{lines}", by="ops:jane")
