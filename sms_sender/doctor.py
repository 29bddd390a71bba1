"""`sms-sender doctor`: everything that keeps a host from sending, one line each."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from sms_sender.control import NotRunning, ask_status, check_login
from sms_sender.errors import ModemError, SenderError
from sms_sender.host import mac_address
from sms_sender.modem import Identity, Modem
from sms_sender.settings import ModemSettings, Settings

MAX_SKEW = 30.0
MIN_FREE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, and what was found."""

    check: str
    ok: bool
    detail: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything; never raises for what it finds."""
    yield _try("mac", lambda: mac_address(settings.mac))
    yield _try("database", lambda: f"{check_login(settings.server) * 1000:.1f} ms")
    yield _try("clock", lambda: _clock(settings.server))
    yield _try("journal", lambda: _disk(settings.journal.parent))
    yield _modem_manager()
    busy = _ports_in_use(settings)
    ports = settings.ports()
    if not ports:
        yield Finding("ports", False, "no port is configured, or none matches")
    for modem in ports:
        yield _port(settings, modem, busy)


def probe(settings: Settings, modem: ModemSettings) -> tuple[Identity, str | None]:
    """Open one port and ask who is there, and for its balance where a code is configured."""
    asked = Modem(modem.port, timeouts=settings.timeouts, pins=settings.pins, smsc=modem.smsc)
    try:
        asked.open()
        found = asked.identify()
        code = settings.ussd_code(found)
        return found, asked.ussd(code) if code else None
    finally:
        asked.close()


def _try(check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check, True, look())
    except (SenderError, psycopg2.Error, OSError) as error:
        return Finding(check, False, str(error).strip())


def _clock(server: str) -> str:
    conn = psycopg2.connect(server, connect_timeout=10)
    try:
        with conn.cursor() as cur:
            cur.execute("select clock_timestamp()")
            row = cur.fetchone()
    finally:
        conn.close()
    seconds = abs((row[0] - datetime.now(UTC)).total_seconds()) if row else 0.0
    if seconds > MAX_SKEW:
        raise SenderError(f"{seconds:.0f} s from the centre's clock: commercial texts are refused")
    return f"{seconds:.1f} s from the centre's clock"


def _disk(folder: Path) -> str:
    if not os.access(folder, os.W_OK):
        raise SenderError(f"{folder} cannot be written")
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE:
        raise SenderError(f"{free // 1024**2} MiB free in {folder}")
    return f"{free // 1024**2} MiB free"


def _modem_manager() -> Finding:
    for name in Path("/proc").glob("[0-9]*/comm"):
        try:
            if name.read_text().strip() == "ModemManager":
                return Finding("ModemManager", False, "runs, and may take the ports: stop it")
        except OSError:
            continue
    return Finding("ModemManager", True, "does not run")


def _ports_in_use(settings: Settings) -> set[str]:
    try:
        return {modem["port"] for modem in ask_status(settings)["modems"]}
    except NotRunning:
        return set()


def _port(settings: Settings, modem: ModemSettings, busy: set[str]) -> Finding:
    check = f"port {modem.port}"
    if modem.port in busy:
        return Finding(check, True, "in use by the running service: see status")
    try:
        if "://" not in modem.port:
            if not stat.S_ISCHR(Path(modem.port).stat().st_mode):
                return Finding(check, False, "is no serial port")
            if not os.access(modem.port, os.R_OK | os.W_OK):
                return Finding(check, False, "may not be read and written: group dialout?")
        found, balance = probe(settings, modem)
    except (ModemError, OSError) as error:
        return Finding(check, False, str(error))
    fit = found.sim_state == "ready" and found.registration in {"home", "roaming"}
    return Finding(
        check,
        fit,
        f"IMEI {found.imei}, SIM {found.sim_state}, {found.operator}, {found.registration}, "
        f"signal {found.signal_label}" + (f", {balance}" if balance else ""),
    )
