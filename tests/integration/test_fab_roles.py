"""The roles of production: real logins with FAB, and what each may look at and order."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.fleet.groups import add_group
from include.settings import ROOT
from tests.conftest import Database

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
pytestmark = [pytest.mark.airflow, pytest.mark.slow]
# No run can be made of a DAG that Airflow has not read: 404 is what somebody gets who may.
MAY, MAY_NOT, LOOKS = 404, 403, 200


def test_each_role_may_what_its_row_says(db: Database, tmp_path: Path) -> None:
    add_group("64:31:50:1b:e9:e9", "machine 1", 1)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")} | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__API__SECRET_KEY": "secret of the test",
        "AIRFLOW__API_AUTH__JWT_SECRET": "another secret of the test, long enough for HS512: "
        + 64 * "x",
    }
    script = Path(__file__).with_name("fab_logins.py")
    done = subprocess.run(
        [sys.executable, str(script), str(ROOT)],
        env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    orders = (
        "group_control",
        "campaign_control",
        "client_admin",
        "settings_apply",
        "retention",
        "taxation_unmask",
    )
    may = {
        "Viewer": (),
        "Ops": ("group_control", "campaign_control"),
        "Auditor": ("taxation_unmask",),
        "Admin": orders,
    }
    for name, allowed in may.items():
        answers = found[name]
        assert {what: answers[what] for what in orders} == {
            what: MAY if what in allowed else MAY_NOT for what in orders
        }, name
        assert [answers[what] for what in ("look", "metrics", "dags")] == [LOOKS] * 3, name
        assert answers["stop"] == (LOOKS if name in ("Ops", "Admin") else MAY_NOT), name
        assert answers["audit_log"] == (LOOKS if name in ("Auditor", "Admin") else MAY_NOT), name
        assert answers["connections"] == (LOOKS if name == "Admin" else MAY_NOT), name
    assert set(found["nobody"].values()) == {401}
    assert found["wrong password"] == {"login": 401}
    assert db.all("select distinct actor from audit_entry where action = 'group_stopped' order by 1") == [
        ("ops:admin",), ("ops:ops",)
    ]  # fmt: skip
