"""What the host shows, and that nothing of the outside is taken for markup or a label."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sms_sender.control import NotRunning, ask_status, running
from sms_sender.health import ModemStatus
from sms_sender.modem import Identity
from sms_sender.settings import Settings
from sms_sender.status import Listener, Snapshot, metrics, page, public_address, status_file

IDENTITY = Identity(
    "353000000000001", "208010000000001", None, "20801", "orange", "ready", "home", 20, -73, "bon"
)
NOW = Snapshot(
    mac="64:31:50:1b:e9:e9",
    alias="machine <1>",
    server="postgresql://host@127.0.0.1/db",
    connected=True,
    state="started",
    epoch=3,
    pid=1,
    version="0.1.0",
    since=0.0,
    waiting=4,
    in_flight=2,
    to_upload=1,
    batches=[7],
    counts={"sent": 5},
    commits=9,
    journal_error=None,
    modems=[
        ModemStatus('/dev/tty"0', IDENTITY, True, None, None, {"sent": 5}),
        ModemStatus("/dev/tty1", reason="<script>alert(1)</script>"),
    ],
    errors=["<b>lost</b>"],
)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """A listener on a free port."""
    shown = [NOW]
    listener = Listener("127.0.0.1", 0, lambda: shown[0])
    listener.start(tmp_path / "journal")
    yield listener
    listener.stop(tmp_path / "journal")


def get(listener: Listener, path: str) -> str:
    with urllib.request.urlopen(f"http://{listener.address}{path}", timeout=60) as answer:
        found: str = answer.read().decode()
        return found


def settings(folder: Path) -> Settings:
    return Settings("x", folder / "journal", "127.0.0.1", 0, "auto")


def test_the_page_escapes_what_comes_from_outside() -> None:
    shown = page(NOW)
    assert "machine &lt;1&gt;" in shown
    assert "<script" not in shown
    assert "<b>lost" not in shown
    assert "orange" in shown and "bon" in shown


def test_the_metrics_are_prometheus_text() -> None:
    lines = metrics(NOW).splitlines()
    assert 'sms_sender_segments_total{result="sent"} 5' in lines
    assert r'sms_sender_modem_in_service{port="/dev/tty\"0"} 1' in lines
    assert r'sms_sender_modem_rssi{port="/dev/tty\"0"} 20' in lines
    assert "sms_sender_waiting 4" in lines


def test_the_four_paths(listener: Listener, tmp_path: Path) -> None:
    document = json.loads(get(listener, "/status.json"))
    assert (document["mac"], document["waiting"], document["connected"]) == (NOW.mac, 4, True)
    assert document["modems"][0]["signal_label"] == "bon"
    assert get(listener, "/").startswith("<!doctype html>")
    assert get(listener, "/healthz") == "ok"
    assert "sms_sender_connected 1" in get(listener, "/metrics")
    with pytest.raises(urllib.error.HTTPError):
        get(listener, "/etc/passwd")
    assert ask_status(settings(tmp_path))["alias"] == "machine <1>"


def test_a_journal_that_cannot_be_written_is_unhealthy() -> None:
    assert NOW.healthy
    assert not replace(NOW, journal_error="disk full").healthy
    assert not replace(NOW, state="fenced").healthy


def test_no_service(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        running(settings(tmp_path))
    status_file(tmp_path / "journal").write_text('{"pid": 999999999, "address": "127.0.0.1:1"}')
    with pytest.raises(NotRunning):
        running(settings(tmp_path))


def test_a_servers_address_without_its_password() -> None:
    assert public_address("postgresql://h:secret@db:5433/x") == "postgresql://h@db:5433/x"
    assert public_address("host=db password=secret") == "configured"
