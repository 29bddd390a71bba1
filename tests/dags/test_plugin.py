"""The reports inside Airflow: for those who are logged in, and nothing but reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def plugin(airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://unused")
    folder = tmp_path / "var" / "reports"
    (folder / "reports" / "2026").mkdir(parents=True)
    (folder / "reports" / "2026" / "R1.html").write_text("<h1>groups</h1>")
    (folder / "secret.txt").write_text("not a report")
    import smsswitch_plugin

    yield smsswitch_plugin


def ask(app: Any, path: str) -> Any:
    from fastapi.testclient import TestClient

    return TestClient(app, raise_server_exceptions=False).get(path)


def test_nobody_sees_a_report_without_logging_in(plugin: Any) -> None:
    assert ask(plugin.app, "/reports/2026/R1.html").status_code == 401


def test_every_route_is_closed(plugin: Any) -> None:
    assert plugin.app.router.dependencies
    assert [route.path for route in plugin.app.routes] == ["/reports/{key:path}"]


@pytest.mark.parametrize(
    "key",
    ["../secret.txt", "..", "", "2026", "nothing.html", "/etc/passwd", "2026/../../secret.txt"],
)
def test_nothing_but_reports_is_given(plugin: Any, key: str) -> None:
    with pytest.raises(Exception, match="no such report"):
        plugin.report(key)


def test_a_report_comes_without_leave_to_run_anything(plugin: Any) -> None:
    answer = plugin.report("2026/R1.html")
    assert (answer.body, answer.media_type) == (b"<h1>groups</h1>", "text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
