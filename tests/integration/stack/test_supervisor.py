"""What `up` and `down` do before Airflow comes in: refusals, remains, databases."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
import psycopg2
import pytest

from include.db.migrate import Migration, migrate, migrations
from include.settings import var_dir
from include.stack import airflow, databases, postgres, supervisor
from include.stack.errors import StackError
from include.stack.processes import Mark, spawn
from tests.conftest import Database

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def quiet(_line: str) -> None:
    pass


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "include.cli", *words], capture_output=True, text=True, check=False
    )


def test_a_port_in_use_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("SMSSWITCH_AIRFLOW_PORT", str(port))
        done = command("stack", "up")
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (var_dir() / "run" / "processes.json").exists()


def test_too_little_room_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MIN_FREE_BYTES", 10**18)
    with pytest.raises(StackError, match="GB free at"):
        supervisor.up(quiet)
    assert not (var_dir() / "postgres").exists()


def test_an_unreachable_database_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none")
    done = command("stack", "up")
    assert done.returncode == 1
    assert "PostgreSQL cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_down_with_nothing_up_says_so() -> None:
    done = command("stack", "down")
    assert (done.returncode, "nothing was up" in done.stderr) == (0, True)


def test_the_settings_of_a_stack_that_is_down_are_refused() -> None:
    done = command("stack", "env")
    assert (done.returncode, done.stdout) == (1, "")
    assert "make up" in done.stderr


def test_down_ends_what_an_interrupted_start_left() -> None:
    files = supervisor.Files.here()
    server = postgres.start(files.postgres, fast=True)
    stray = spawn(SLEEP, files.log("scheduler"), os.environ)
    recorded = {"postgres": Mark.of(server.pid), "scheduler": stray, "triggerer": Mark(1, 0.0)}
    airflow.write_private(files.processes, {name: asdict(mark) for name, mark in recorded.items()})
    assert supervisor.status() == {"postgres": True, "scheduler": True, "triggerer": False}
    assert supervisor.down(quiet)
    assert stray.find() is None
    assert recorded["postgres"].find() is None
    assert psutil.pid_exists(1)
    assert not files.processes.exists()


def test_a_stack_that_is_up_gets_the_migrations_of_a_newer_program(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: dict[str, object] = {"airflow_url": "http://127.0.0.1:1", "database_url": db.url}
    monkeypatch.setattr(supervisor, "_standing", lambda _files: known)
    said: list[str] = []
    assert supervisor.up(said.append) == known
    assert said == ["already up: http://127.0.0.1:1"]
    newer = [*migrations(), Migration("9999_newer", "create table newer ()")]
    monkeypatch.setattr("include.db.migrate.migrations", lambda: newer)
    supervisor.up(said.append)
    assert "9999_newer" in said[2]
    assert db.one("select to_regclass('newer')") == "newer"


def test_two_starts_at_once_are_refused() -> None:
    files = supervisor.Files.here()
    (files.var / "run").mkdir(parents=True)
    with supervisor._alone(files), pytest.raises(StackError, match="under way"):
        supervisor.up(quiet)


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "run" / "secrets.json"
    first = airflow.Secrets.load(file)
    assert airflow.Secrets.load(file) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(first.passwords) == {"admin", "op", "viewer"}
    assert len(set(first.passwords.values())) == 3


def test_every_address_of_airflow_is_the_loopback(tmp_path: Path) -> None:
    known = airflow.Secrets.load(tmp_path / "secrets.json")
    env = airflow.environment(tmp_path, 4321, "postgresql+psycopg2://x", known)
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:4321"
    assert env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin,op:op,viewer:viewer"
    passwords = Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert json.loads(passwords.read_text()) == known.passwords
    for name in ("scheduler", "triggerer"):
        assert "--skip-serve-logs" in airflow.COMPONENTS[name]


def test_airflow_gets_a_database_and_a_login_of_its_own(db: Database) -> None:
    name = f"{databases.name_of(db.url)}_airflow"
    url = databases.metadata(db.url, name, "first")
    url = databases.metadata(db.url, name, "second").replace("+psycopg2", "")
    conn = psycopg2.connect(url)
    try:
        with conn.cursor() as cur:
            cur.execute("select current_user, rolsuper from pg_roles where rolname = current_user")
            assert cur.fetchone() == (name, False)
            cur.execute("create table anything (one integer)")
    finally:
        conn.close()
        db.conn.cursor().execute(f'drop database "{name}" with (force)')
        db.conn.cursor().execute(f'drop role "{name}"')


def test_a_login_that_may_make_nothing_hears_what_to_do(db: Database) -> None:
    migrate(db.url)
    db.conn.cursor().execute("create role plain login password 'plain'")
    try:
        at = db.url.rsplit("@", 1)[1]
        with pytest.raises(StackError, match="AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
            databases.metadata(f"postgresql://plain:plain@{at}", "refused_airflow", "x")
    finally:
        db.conn.cursor().execute("drop role plain")
