"""An Airflow with FAB, its people logged in with their passwords; prints who may what, as JSON.

Run in a process of its own, since Airflow reads its settings when it is first imported.
"""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

ROOT = Path(sys.argv[1])
PEOPLE = ("Viewer", "Ops", "Auditor", "Admin")
ASKED = {
    "look": ("GET", "/monitoring/api/groups"),
    "metrics": ("GET", "/monitoring/metrics"),
    "dags": ("GET", "/api/v2/dags"),
    "group_control": ("POST", "/api/v2/dags/group_control/dagRuns"),
    "campaign_control": ("POST", "/api/v2/dags/campaign_control/dagRuns"),
    "client_admin": ("POST", "/api/v2/dags/client_admin/dagRuns"),
    "settings_apply": ("POST", "/api/v2/dags/settings_apply/dagRuns"),
    "retention": ("POST", "/api/v2/dags/retention/dagRuns"),
    "taxation_unmask": ("POST", "/api/v2/dags/taxation_unmask/dagRuns"),
    "audit_log": ("GET", "/api/v2/eventLogs"),
    "connections": ("GET", "/api/v2/connections"),
}


def main() -> None:
    """Migrate, make roles and people, log each in, ask everything."""
    from airflow.utils.db import initdb

    initdb()
    roles = runpy.run_path(str(ROOT / "docker" / "roles.py"))
    every = roles["dags_of"](str(ROOT / "dags"))
    roles["make_roles"](every)
    roles["make_roles"](every)
    _people()
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app()) as client:
        found = {name: _ask(client, name) for name in PEOPLE}
        found["wrong password"] = {"login": _login(client, "Ops", "guess").status_code}
        found["nobody"] = {
            what: client.request(method, path).status_code for what, (method, path) in ASKED.items()
        }
    sys.stdout.write(json.dumps(found) + "\n")


def _people() -> None:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        for name in PEOPLE:
            role = builder.sm.find_role(name)
            mail = f"{name}@a.example"
            assert builder.sm.add_user(name.lower(), name, "x", mail, role, f"secret of {name}")


def _login(client: Any, name: str, password: str) -> Any:
    return client.post("/auth/token", json={"username": name.lower(), "password": password})


def _ask(client: Any, name: str) -> dict[str, int | str]:
    token = _login(client, name, f"secret of {name}").json()["access_token"]
    own = {"Authorization": f"Bearer {token}"}
    answers: dict[str, int | str] = {}
    for what, (method, path) in ASKED.items():
        body = {"logical_date": None} if method == "POST" else None
        answers[what] = client.request(method, path, headers=own, json=body).status_code
    crumb = client.get("/monitoring/api/groups", headers=own).headers.get("X-CSRF-Token", "")
    stop = client.post("/monitoring/api/groups/1/stop", headers=own | {"X-CSRF-Token": crumb})
    return answers | {"stop": stop.status_code}


if __name__ == "__main__":
    main()
