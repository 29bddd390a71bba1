"""Our pages inside Airflow: for those who are logged in, and nothing but those pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.conftest import Database


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
    assert [route.path for route in plugin.app.routes] == [
        "/reports/search",
        "/reports/{key:path}",
        "/unmasked/{key:path}",
    ]


def test_whole_numbers_are_for_who_may_run_the_dag_and_each_reading_is_audited(
    plugin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: Database
) -> None:
    from types import SimpleNamespace

    from airflow.api_fastapi.core_api.security import get_user

    folder = tmp_path / "var" / "reports" / "unmasked"
    folder.mkdir()
    (folder / "x-1.html").write_text("0639980001")
    assert ask(plugin.app, "/unmasked/x-1.html").status_code == 401
    assert ask(plugin.app, "/reports/../unmasked/x-1.html").status_code in (401, 404)
    may = SimpleNamespace(run=False)
    manager = SimpleNamespace(is_authorized_dag=lambda **asked: may.run)
    monkeypatch.setattr(plugin, "get_auth_manager", lambda: manager)
    app = FastAPI()
    app.get("/unmasked/{key:path}")(plugin.unmasked)
    app.dependency_overrides[get_user] = lambda: SimpleNamespace(get_name=lambda: "nadia")
    assert ask(app, "/unmasked/x-1.html").status_code == 403
    assert db.one("select count(*) from audit_entry") == 0
    may.run = True
    assert ask(app, "/unmasked/x-1.html").text == "0639980001"
    assert ask(app, "/unmasked/nothing.html").status_code == 404
    assert db.all("select actor, action, subject from audit_entry") == [
        ("ops:nadia", "unmasked_read", "x-1.html")
    ]


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


def test_nobody_sees_the_monitoring_without_logging_in(plugin: Any) -> None:
    for path in ("/", "/groups/1", "/api/groups", "/api/groups/1", "/monitoring.js"):
        assert ask(plugin.monitoring, path).status_code == 401, path


@pytest.mark.parametrize(("role", "acts"), [("viewer", False), ("op", True), ("admin", True)])
def test_who_may_edit_runs_may_act(
    plugin: Any, monkeypatch: pytest.MonkeyPatch, role: str, acts: bool
) -> None:
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    monkeypatch.setattr(plugin, "get_auth_manager", SimpleAuthManager)
    visitor = plugin.visitor(SimpleAuthManagerUser(username="jane", role=role))
    assert (visitor.name, visitor.may_act) == ("ops:jane", acts)


def test_the_menu_leads_to_the_pages(plugin: Any) -> None:
    mounted = {app["url_prefix"] for app in plugin.SmsswitchPlugin.fastapi_apps}
    for view in plugin.SmsswitchPlugin.external_views:
        assert "/" + view["href"].split("/")[1] in mounted
    assert "monitoring" in {view["url_route"] for view in plugin.SmsswitchPlugin.external_views}
