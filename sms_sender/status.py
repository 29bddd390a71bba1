"""What a host shows of itself: a page, JSON, metrics and health on an address of the loopback."""

import contextlib
import html
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sms_sender.health import ModemStatus


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a host at one moment."""

    mac: str
    alias: str | None
    server: str
    connected: bool
    state: str | None
    epoch: int
    pid: int
    version: str
    since: float
    waiting: int
    in_flight: int
    to_upload: int
    batches: list[int]
    counts: dict[str, int]
    commits: int
    journal_error: str | None
    modems: list[ModemStatus] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether the service can do its work: its journal writes. A modem or the centre may be away."""
        return self.journal_error is None and self.state != "fenced"

    def document(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name != "modems"}
        shown["seconds"] = round(time.time() - self.since)
        shown["modems"] = [_modem(status) for status in self.modems]
        return shown


def public_address(server: str) -> str:
    """Return where a server is, without the password."""
    parts = urlsplit(server)
    if not parts.scheme:
        return "configured"
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


def status_file(journal: Path) -> Path:
    """Return where a running service says how to reach it."""
    return journal.with_name(journal.name + ".status.json")


class Listener:
    """A small HTTP server; it only reads."""

    def __init__(self, host: str, port: int, snapshot: Callable[[], Snapshot]) -> None:
        handler = type("Handler", (_Handler,), {"snapshot": staticmethod(snapshot)})
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="status", daemon=True
        )

    @property
    def address(self) -> str:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def start(self, journal: Path) -> None:
        """Listen, and write down where."""
        self._thread.start()
        file = status_file(journal)
        fresh = file.with_name(file.name + ".new")
        fresh.write_text(json.dumps({"pid": os.getpid(), "address": self.address}))
        fresh.replace(file)

    def stop(self, journal: Path) -> None:
        """Listen no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(OSError):
            status_file(journal).unlink()


class _Handler(BaseHTTPRequestHandler):
    snapshot: Callable[[], Snapshot]
    server_version = "sms-sender"
    timeout = 10

    def do_GET(self) -> None:
        now = self.snapshot()
        path = urlsplit(self.path).path
        if path == "/":
            self._send(200, "text/html; charset=utf-8", page(now))
        elif path == "/status.json":
            self._send(200, "application/json", json.dumps(now.document(), ensure_ascii=False))
        elif path == "/metrics":
            self._send(200, "text/plain; version=0.0.4; charset=utf-8", metrics(now))
        elif path == "/healthz":
            self._send(
                200 if now.healthy else 503, "text/plain", "ok" if now.healthy else "failing"
            )
        else:
            self._send(404, "text/plain", "not found")

    def _send(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def metrics(now: Snapshot) -> str:
    """Return the state for Prometheus."""
    lines = [
        *_metric("connected", "gauge", [("", int(now.connected))]),
        *_metric("waiting", "gauge", [("", now.waiting)]),
        *_metric("in_flight", "gauge", [("", now.in_flight)]),
        *_metric("to_upload", "gauge", [("", now.to_upload)]),
        *_metric("journal_commits_total", "counter", [("", now.commits)]),
        *_metric(
            "segments_total",
            "counter",
            [(f'{{result="{kind}"}}', n) for kind, n in sorted(now.counts.items())],
        ),
        *_metric(
            "modem_in_service",
            "gauge",
            [(f'{{port="{_label(m.port)}"}}', int(m.in_service)) for m in now.modems],
        ),
        *_metric(
            "modem_rssi",
            "gauge",
            [
                (f'{{port="{_label(m.port)}"}}', m.identity.rssi)
                for m in now.modems
                if m.identity is not None and m.identity.rssi is not None
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, values: list[tuple[str, int]]) -> list[str]:
    full = f"sms_sender_{name}"
    return [f"# TYPE {full} {kind}", *(f"{full}{labels} {value}" for labels, value in values)]


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def page(now: Snapshot) -> str:
    """Return the page that stands for the window of 2012: who, where, connected, modems, errors."""
    facts = [
        ("MAC", now.mac),
        ("Alias", now.alias or "–"),
        ("Serveur / server", now.server),
        ("Connecté / connected", "oui / yes" if now.connected else "non / no"),
        ("État / state", now.state or "–"),
        ("En queue / queued", f"{now.waiting} + {now.in_flight} ✉"),
        ("À transmettre / to upload", str(now.to_upload)),
        (
            "Résultats / results",
            ", ".join(f"{k} {n}" for k, n in sorted(now.counts.items())) or "–",
        ),
    ]
    rows = "".join(f"<tr><th>{_e(k)}<td>{_e(v)}" for k, v in facts)
    modems = "".join(_row(_modem(status)) for status in now.modems)
    errors = "".join(f"<li>{_e(error)}" for error in reversed(now.errors))
    return (
        "<!doctype html><html lang=fr><meta charset=utf-8><meta http-equiv=refresh content=20>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>sms-sender {_e(now.alias or now.mac)}</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2rem;max-width:70rem}"
        "table{border-collapse:collapse;margin:1rem 0}"
        "th,td{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ccc}</style>"
        f"<h1>sms-sender</h1><table>{rows}</table><h2>Modems</h2><table>"
        "<tr><th>Port<th>IMEI<th>Opérateur / operator<th>SIM<th>Signal<th>État / state"
        f"<th>Résultats / results<th>Quota<th>Solde / balance{modems}</table>"
        f"<h2>Dernières erreurs / last errors</h2><ul>{errors or '<li>–'}</ul></html>"
    )


def _row(modem: dict[str, Any]) -> str:
    counts = ", ".join(f"{k} {n}" for k, n in sorted(modem["counts"].items()))
    state = "en service" if modem["in_service"] else modem["reason"]
    quota = quota_text(modem["quota"])
    cells = (
        modem["port"], modem["imei"], modem["operator"], modem["sim_state"],
        modem["signal_label"], state, counts, quota, modem["balance"],
    )  # fmt: skip
    return "<tr>" + "".join(f"<td>{_e(str(cell or '–'))}" for cell in cells)


def quota_text(quota: dict[str, Any] | None) -> str:
    """Return what a SIM has used of its quota, as `3/100 today, 3/– month, 2/99 numbers`."""
    if quota is None:
        return ""
    pairs = [
        ("today", "per_day", "today"),
        ("month", "per_month", "month"),
        ("recipients", "recipients_per_month", "numbers"),
    ]
    shown = [
        f"{quota[used]}/{quota[limit]} {word}"
        for used, limit, word in pairs
        if quota[limit] is not None
    ]
    return ", ".join(shown)


def _modem(status: ModemStatus) -> dict[str, Any]:
    identity = asdict(status.identity) if status.identity else {}
    names = (
        "imei", "imsi", "iccid", "operator_code", "operator", "sim_state", "registration",
        "rssi", "signal_dbm", "signal_label",
    )  # fmt: skip
    return {
        "port": status.port,
        **{name: identity.get(name) for name in names},
        "in_service": status.in_service,
        "reason": status.reason,
        "last_error": status.last_error,
        "counts": dict(status.counts),
        "quota": status.quota,
        "balance": status.balance,
    }


def _e(text: str) -> str:
    return html.escape(text)
