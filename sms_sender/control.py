"""What a person does to a running service: ask how it is, connect it, have it drain."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg2

from sms_sender.errors import ConfigurationError, SenderError
from sms_sender.settings import Settings
from sms_sender.status import status_file


class NotRunning(SenderError):
    """No service runs with this journal."""


def running(settings: Settings) -> dict[str, Any]:
    """Return {"pid", "address"} of the service; NotRunning if there is none."""
    file = status_file(settings.journal)
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        os.kill(int(found["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunning(f"no sms-sender runs with {settings.journal}") from error
    return found


def ask_status(settings: Settings) -> dict[str, Any]:
    """Return what the service shows at /status.json."""
    url = f"http://{running(settings)['address']}/status.json"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            document: dict[str, Any] = json.load(answer)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise NotRunning(f"the service does not answer at {url}: {error}") from error
    return document


def disconnect(settings: Settings, timeout: float) -> None:
    """Have the service finish what is in flight, give the rest back, and end."""
    pid = int(running(settings)["pid"])
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        try:
            running(settings)
        except NotRunning:
            return
        time.sleep(0.1)
    raise SenderError(f"process {pid} has not ended within {timeout:g} s")


def connect(settings: Settings, server: str) -> Path:
    """Check that a server lets this host in, and write it into the credential file."""
    if settings.credential_file is None:
        raise ConfigurationError(
            "the configuration has no credential_file that the server could be written into"
        )
    check_login(server)
    fresh = settings.credential_file.with_name(settings.credential_file.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(server + "\n")
        if os.geteuid() == 0:  # the service, which owns the folder, must be able to read it
            owner = settings.credential_file.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    fresh.replace(settings.credential_file)
    return settings.credential_file


def check_login(server: str) -> float:
    """Return how many seconds a round trip takes; SenderError if the server does not let us in."""
    try:
        conn = psycopg2.connect(server, connect_timeout=10, application_name="sms-sender doctor")
    except psycopg2.Error as error:
        raise SenderError(str(error).strip().splitlines()[0]) from error
    try:
        with conn.cursor() as cur:
            started = time.monotonic()
            cur.execute(
                "select has_function_privilege(p.oid, 'execute') from pg_proc as p"
                " where p.pronamespace = 'api'::regnamespace and p.proname = 'claim_batch_v1'"
            )
            row = cur.fetchone()
            seconds = time.monotonic() - started
    except psycopg2.Error as error:
        raise SenderError(str(error).strip().splitlines()[0]) from error
    finally:
        conn.close()
    if row is None or not row[0]:
        raise SenderError("this login may not claim batches: is it a modem host's?")
    return seconds
