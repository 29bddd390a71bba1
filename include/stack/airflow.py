"""How the four Airflow processes are set up and spoken to on one machine, all on the loopback."""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2

from include.errors import SmsswitchError, TransientError
from include.settings import ROOT

USERS = ("admin", "op", "viewer")  # each in the role of its name
PARALLELISM = 4
_AIRFLOW = (sys.executable, "-m", "airflow")
# Their log servers listen on every address and cannot be told otherwise: left out, since the
# api-server reads the same files from the disk.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": (*_AIRFLOW, "api-server"),
    "scheduler": (*_AIRFLOW, "scheduler", "--skip-serve-logs"),
    "dag-processor": (*_AIRFLOW, "dag-processor"),
    "triggerer": (*_AIRFLOW, "triggerer", "--skip-serve-logs"),
}
_HEALTH_KEYS = {
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}


class AirflowError(SmsswitchError):
    """Airflow could not be set up, or refused a request."""


@dataclass(frozen=True)
class Secrets:
    """What is made once per installation: the users' passwords and the processes' keys."""

    passwords: dict[str, str]
    metadata_password: str
    jwt_secret: str
    fernet_key: str

    @classmethod
    def load(cls, file: Path) -> Secrets:
        """Read them from `file` (0600), made at first use."""
        if not file.exists():
            fresh = {
                "passwords": {user: secrets.token_urlsafe(12) for user in USERS},
                "metadata_password": secrets.token_urlsafe(24),
                "jwt_secret": secrets.token_urlsafe(48),
                "fernet_key": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            }
            write_private(file, fresh)
        return cls(**json.loads(file.read_text()))


def write_private(file: Path, document: object) -> None:
    """Replace `file` by a JSON document that only its owner may read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(document, out, indent=2)
        out.write("\n")
    fresh.rename(file)


def environment(var: Path, port: int, metadata_url: str, known: Secrets) -> dict[str, str]:
    """The variables that make every Airflow process of this stack the same installation."""
    home = var / "airflow"
    passwords = home / "passwords.json"
    write_private(passwords, known.passwords)
    url = f"http://127.0.0.1:{port}"
    settings = {
        "CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager"
        ".SimpleAuthManager",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__FERNET_KEY": known.fernet_key,
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": str(PARALLELISM),
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{user}" for user in USERS),
        "API__BASE_URL": url,
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__SECRET_KEY": known.jwt_secret,
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": known.jwt_secret,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "15",
        "DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "LOGGING__BASE_LOG_FOLDER": str(var / "log" / "tasks"),
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(var / "log" / "dags"),
        # The end of a task is sometimes seen only at its next heartbeat.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    return {
        **os.environ,
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(home),
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
        "SMSSWITCH_AIRFLOW_DATABASE_URL": metadata_url,  # for `airflow db clean`, by the DAG retention
        "SMSSWITCH_VAR": str(var),
        "SPT_NOENV": "1",  # a process keeps its environment when it changes its title
    }


def migrate_metadata(env: Mapping[str, str], log: Path) -> None:
    """Bring Airflow's own database up to date; skipped when this version has done it before."""
    marker = Path(env["AIRFLOW_HOME"]) / "migrated.json"
    url = env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1)
    revision = _revision(url)
    if revision is not None and revision == _recorded(marker):
        return
    with log.open("ab") as out:
        done = subprocess.run(
            [*_AIRFLOW, "db", "migrate"], env=dict(env), stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise AirflowError(f"Airflow's database could not be migrated: see {log}")
    write_private(marker, _revision(url))


def _recorded(marker: Path) -> object:
    try:
        return json.loads(marker.read_text())
    except (OSError, ValueError):
        return None


def _revision(url: str) -> list[str] | None:
    """The version of Airflow and the revision of its database; None for an empty one."""
    from importlib.metadata import version

    with psycopg2.connect(url) as conn, conn.cursor() as cur:
        cur.execute("select to_regclass('alembic_version')")
        if cur.fetchone() == (None,):
            return None
        cur.execute("select version_num from alembic_version")
        row = cur.fetchone()
    conn.close()
    return [version("apache-airflow"), row[0]] if row else None


class Api:
    """The REST API of one Airflow on the loopback, logged in as one user."""

    def __init__(self, port: int, username: str, password: str) -> None:
        self.port = port
        self._login = {"username": username, "password": password}
        self._token = ""

    def health(self, since: float) -> list[str]:
        """The components that have not answered since that time (seconds since the epoch)."""
        try:
            answer = self._ask("GET", "/api/v2/monitor/health", None, {})
        except (TransientError, AirflowError):
            return list(COMPONENTS)
        return [
            name for name, key in _HEALTH_KEYS.items() if not _beats(answer.get(key) or {}, since)
        ]

    def get(self, path: str) -> Any:
        """The JSON document at `path` below /api/v2."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request below /api/v2; AirflowError when refused, TransientError when not there."""
        self.token()
        return self._ask(method, f"/api/v2{path}", body, {"Authorization": f"Bearer {self._token}"})

    def token(self) -> None:
        """Log in, once."""
        if not self._token:
            token = self._ask("POST", "/auth/token", self._login, {})
            self._token = token["access_token"]

    def connection(self) -> http.client.HTTPConnection:
        """A new connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        connection = self.connection()
        content = None if body is None else json.dumps(body)
        try:
            connection.request(
                method, path, content, {"Content-Type": "application/json", **headers}
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"Airflow does not answer on port {self.port}") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise AirflowError(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text) if text else None


def _beats(component: Mapping[str, Any], since: float) -> bool:
    beat = next((v for k, v in component.items() if k.startswith("latest_") and v), None)
    return (
        component.get("status") == "healthy"
        and beat is not None
        and datetime.fromisoformat(beat).timestamp() >= since
    )
