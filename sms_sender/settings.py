"""The configuration file of a modem host, `sender.toml`."""

import glob
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sms_sender.errors import ConfigurationError
from sms_sender.identity import Identity
from sms_sender.line import Timeouts
from sms_sender.tally import Quota
from sms_sender.ussd import is_code

DEFAULT_PATH = Path("/etc/sms-sender/sender.toml")
DEFAULT_JOURNAL = Path("/var/lib/sms-sender/journal.sqlite3")
DEFAULT_STATUS = "127.0.0.1:9123"


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """One port."""

    port: str
    smsc: str | None = None
    credit_codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Settings:
    """What `sender.toml` says; see docs/host-protocol.md for what a host is."""

    server: str
    journal: Path
    status_host: str
    status_port: int
    mac: str
    modems: tuple[ModemSettings, ...] = ()
    match: tuple[str, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    drain_seconds: float = 60.0
    resume_seconds: float = 80.0
    credential_file: Path | None = None
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    balance: Mapping[str, str] = field(default_factory=dict)
    balance_hours: float = 6.0

    def ussd_code(self, identity: Identity) -> str | None:
        """Return the code that asks for the balance of a SIM: its own, its operator's, or any's."""
        names = (identity.iccid, identity.imsi, identity.operator_code, identity.operator, "*")
        return next((self.balance[name] for name in names if name and name in self.balance), None)

    def ports(self) -> tuple[ModemSettings, ...]:
        """Return the ports listed, and those that match a pattern now, each once."""
        found = {modem.port: modem for modem in self.modems}
        for pattern in self.match:
            for port in sorted(glob.glob(pattern)):  # noqa: PTH207 (patterns are absolute)
                found.setdefault(port, ModemSettings(port))
        return tuple(found.values())


_KEYS = {
    "server", "credential_file", "journal", "status", "mac", "modem", "ports", "pins", "timeouts",
    "drain_seconds", "resume_seconds", "quotas", "balance", "balance_hours",
}  # fmt: skip


def load(path: Path, *, need_server: bool = True) -> Settings:
    """Read the file; ConfigurationError names what is wrong with it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return _settings(document, path.parent, need_server)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _settings(document: dict[str, Any], folder: Path, need_server: bool) -> Settings:
    _only(document, _KEYS, "")
    host, port = _status(_text(document, "status", DEFAULT_STATUS))
    credential = document.get("credential_file")
    credential_file = None if credential is None else folder / _text(document, "credential_file")
    ports = _table(document, "ports")
    _only(ports, {"match"}, "ports.")
    return Settings(
        server=_server(document, credential_file, need_server),
        journal=folder / _text(document, "journal", str(DEFAULT_JOURNAL)),
        status_host=host,
        status_port=port,
        mac=_text(document, "mac", "auto"),
        modems=_modems(document.get("modem", [])),
        match=_texts(ports.get("match", []), "ports.match"),
        pins={str(k): str(v) for k, v in _table(document, "pins").items()},
        timeouts=_timeouts(_table(document, "timeouts")),
        drain_seconds=_number(document, "drain_seconds", 60.0),
        resume_seconds=_number(document, "resume_seconds", 80.0),
        credential_file=credential_file,
        quotas=_quotas(_table(document, "quotas")),
        balance=_codes(_table(document, "balance")),
        balance_hours=_number(document, "balance_hours", 6.0),
    )


def _server(document: dict[str, Any], credential_file: Path | None, need: bool) -> str:
    if "server" in document:
        return _text(document, "server")
    if credential_file is not None:
        try:
            return credential_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            if not need:
                return ""
            raise ConfigurationError(f"{credential_file}: {error.strerror}") from error
    if need:
        raise ConfigurationError("server or credential_file is missing")
    return ""


def _modems(entries: object) -> tuple[ModemSettings, ...]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ConfigurationError("modem must be an array of tables: [[modem]]")
    modems = []
    for number, entry in enumerate(entries, 1):
        _only(entry, {"port", "smsc", "credit_codes"}, f"modem {number}: ")
        codes = entry.get("credit_codes", [])
        if not isinstance(codes, list) or not all(isinstance(code, int) for code in codes):
            raise ConfigurationError(f"modem {number}: credit_codes must be a list of numbers")
        smsc = _text(entry, "smsc") if "smsc" in entry else None
        modems.append(ModemSettings(_text(entry, "port"), smsc, frozenset(codes)))
    return tuple(modems)


def _quotas(table: dict[str, Any]) -> dict[str, Quota]:
    quotas = {}
    for sim in table:
        entry = _table(table, sim)
        _only(entry, {field.name for field in fields(Quota)}, f"quotas.{sim}.")
        for name, limit in entry.items():
            if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
                raise ConfigurationError(f"quotas.{sim}.{name} must be a whole number")
        quotas[sim] = Quota(**entry)
    return quotas


def _codes(table: dict[str, Any]) -> dict[str, str]:
    for name, code in table.items():
        if not isinstance(code, str) or not is_code(code):
            raise ConfigurationError(f"balance.{name} must be a USSD code such as #123#")
    return dict(table)


def _timeouts(table: dict[str, Any]) -> Timeouts:
    known = {"command", "prompt", "submit", "settle", "sync"}
    _only(table, known, "timeouts.")
    return Timeouts(**{name: _number(table, name, 0.0) for name in table})


def _status(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(f"status must be address:port, not {text!r}")
    return host, int(port)


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{name} must be a table: [{name}]")
    return table


def _text(document: dict[str, Any], name: str, default: str | None = None) -> str:
    value = document.get(name, default)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} must be a text that is not empty")
    return value


def _texts(values: object, name: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ConfigurationError(f"{name} must be a list of texts")
    return tuple(values)


def _number(document: dict[str, Any], name: str, default: float) -> float:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ConfigurationError(f"{name} must be a number of seconds")
    return float(value)


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise ConfigurationError(f"{where}{name} is not a setting")
