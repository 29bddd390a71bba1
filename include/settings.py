"""Settings of the centre, read from the environment, all with the prefix ``SMSSWITCH_``.

The README lists every one with its default.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
# 06 39 98 xx xx is set aside for fiction (ARCEP): valid on a local stack, where nobody can be rung.
FICTION = "+3363998"
DEFAULT_MAX_FILE_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """What one process of the centre knows of its surroundings."""

    database_url: str
    bucket_url: str
    spool_url: str
    reports_url: str
    extra_valid_prefixes: tuple[str, ...]
    max_file_bytes: int
    max_rows: int
    timezone: str
    compliance_profile: str
    smtp_url: str
    mail_from: str
    bucket_logins: str
    hosts_address: str


def var_dir() -> Path:
    """Where the local stack keeps its files: ``SMSSWITCH_VAR``, by default ``var`` in the checkout."""
    return Path(os.environ.get("SMSSWITCH_VAR", ROOT / "var")).absolute()


def settings() -> Settings:
    """The settings as the environment has them now.

    Where it does not name a database, those of the local stack that `make up` has started.
    Raises ``ConfigurationError`` where a number or a zone is not one, or no database is to be found.
    """
    var = var_dir()
    given = {name: value for name, value in os.environ.items() if value}  # nothing is not set
    env: Mapping[str, str] = {**_from_file(), **given}
    if "SMSSWITCH_DATABASE_URL" not in env:
        env = {**_local_stack(var), **given}
    url = env.get("SMSSWITCH_DATABASE_URL", "")
    if not url:
        raise ConfigurationError(
            "SMSSWITCH_DATABASE_URL is not set: give a postgresql:// address, or run `make up`, "
            "which starts a local PostgreSQL and prints the way to it"
        )
    return Settings(
        database_url=url,
        bucket_url=env.get("SMSSWITCH_BUCKET_URL", (var / "bucket").as_uri()),
        spool_url=env.get("SMSSWITCH_SPOOL_URL", (var / "spool").as_uri()),
        reports_url=env.get("SMSSWITCH_REPORTS_URL", (var / "reports").as_uri()),
        extra_valid_prefixes=extra_valid_prefixes(),
        max_file_bytes=_number("SMSSWITCH_MAX_FILE_BYTES", DEFAULT_MAX_FILE_BYTES),
        max_rows=_number("SMSSWITCH_MAX_ROWS", 1_000_000),
        timezone=_timezone(env.get("SMSSWITCH_TIMEZONE", "Europe/Paris")),
        compliance_profile=env.get("SMSSWITCH_COMPLIANCE_PROFILE", "fr"),
        smtp_url=env.get("SMSSWITCH_SMTP_URL", ""),
        mail_from=env.get("SMSSWITCH_MAIL_FROM", "smsswitch@localhost"),
        bucket_logins=env.get("SMSSWITCH_BUCKET_LOGINS", ""),
        hosts_address=env.get("SMSSWITCH_HOSTS_ADDRESS", ""),
    )


def _from_file() -> dict[str, str]:
    """The database's address where a file holds it, as with container secrets."""
    name = "SMSSWITCH_DATABASE_URL"
    if not (file := os.environ.get(f"{name}_FILE", "")):
        return {}
    try:
        return {name: Path(file).read_text(encoding="utf-8").strip()}
    except OSError as error:
        raise ConfigurationError(f"{name}_FILE: {file} cannot be read: {error.strerror}") from None


def extra_valid_prefixes() -> tuple[str, ...]:
    """``SMSSWITCH_EXTRA_VALID_PREFIXES``: numbers to take as valid mobiles, blank-separated.

    On the local stack that `make up` has started the numbers of fiction, unless it is set.
    """
    name = "SMSSWITCH_EXTRA_VALID_PREFIXES"
    raw = os.environ.get(name)
    if raw is None and not (_from_file() or os.environ.get("SMSSWITCH_DATABASE_URL")):
        raw = _local_stack(var_dir()).get(name)
    return tuple((raw or "").replace(",", " ").split())


def ask_ops_after() -> timedelta | None:
    """``SMSSWITCH_ASK_OPS_AFTER`` (minutes, 60 by default): how long a client may be silent about the
    columns of its file before ops are asked; None where it is 0."""
    name = "SMSSWITCH_ASK_OPS_AFTER"
    raw = os.environ.get(name, "") or "60"
    try:
        silence = timedelta(minutes=float(raw))
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{name} must be a number of minutes, not {raw!r}") from None
    return silence if silence > timedelta(0) else None


def _local_stack(var: Path) -> dict[str, str]:
    try:
        stack = json.loads((var / "run" / "stack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    names = ("database_url", "bucket_url", "spool_url", "reports_url")
    known = {f"SMSSWITCH_{name.upper()}": str(stack[name]) for name in names if name in stack}
    return {**known, "SMSSWITCH_EXTRA_VALID_PREFIXES": FICTION}


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ConfigurationError(
            f"SMSSWITCH_TIMEZONE must be a time zone such as Europe/Paris, not {name!r}"
        ) from None
    return name


def _number(name: str, default: int) -> int:
    raw = os.environ.get(name, "")
    try:
        return int(raw) if raw else default
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {raw!r}") from None
