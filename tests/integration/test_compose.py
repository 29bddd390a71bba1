"""The production compose file: by its real parser, and its database set-up on a real PostgreSQL."""

import json
import os
import re
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import pytest
from click.testing import CliRunner
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from include.cli import smsswitch
from include.db.migrate import migrate
from include.stack import postgres
from sms_sender.settings import load

ROOT = Path(__file__).parents[2]
CHECK = runpy.run_path(str(ROOT / "scripts" / "compose_check.py"))
HEALTH = runpy.run_path(str(ROOT / "docker" / "health.py"))
PASSWORDS = {
    "airflow_database_password": "airflow1",
    "migrate_password": "migrate1",
    "pipelines_password": "pipelines1",
}


def test_the_projects_own_files_have_no_fault() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "compose_check.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "23 secrets, each a file" in done.stdout


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("127.0.0.1:${POSTGRES_PORT", "0.0.0.0:${POSTGRES_PORT", "not bound to 127.0.0.1"),
        ("redis_password", "redis_pass", "does not make redis_pass"),
        ("AIRFLOW__CORE__PARALLELISM: ", "REDIS_PASSWORD: open", "a secret in the environment"),
        ("  cap_drop: [ALL]\n", "", "keeps capabilities"),
        ("    user: postgres\n", "", "postgres: runs as root"),
        ("redis:7.2-bookworm", "redis:latest", "is not pinned"),
        ("options: {max-size: 10m", "options: {tag: x", "logs are not rotated"),
        ("service_completed_successfully}", "service_started}", "does not wait for migrate"),
        ("  restart: unless-stopped\n", "", "not restarted"),
        ("    mem_limit: ${REDIS_MEMORY:-512m}\n", "", "redis: no memory limit"),
        ("  SMSSWITCH_TIMEZONE: ", "  OTHER: ", "SMSSWITCH_TIMEZONE of include/settings.py"),
        ("services:\n", "services:\n  broken: [\n", "the parser refuses it"),
    ],
)
def test_a_fault_in_the_file_is_found(tmp_path: Path, before: str, after: str, fault: str) -> None:
    text = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "docker-compose.yaml"
    file.write_text(text.replace(before, after), encoding="utf-8")
    assert any(fault in found for found in CHECK["compose_faults"](file))


def test_the_certificates_are_for_the_names_that_are_used(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script = [
        "sh",
        str(ROOT / "docker" / "make_secrets.sh"),
        str(folder),
        "centre.example",
        "10.0.0.7",
    ]
    subprocess.run(script, check=True)
    for name, host in (
        ("postgres", "postgres"),
        ("proxy", "centre.example"),
        ("postgres", "10.0.0.7"),
    ):
        kind = "-verify_ip" if host[0].isdigit() else "-verify_hostname"
        verified = ["openssl", "verify", "-CAfile", str(folder / "ca_certificate"), kind, host]
        subprocess.run([*verified, str(folder / f"{name}_certificate")], check=True)
    assert "verify-full" in (folder / "pipelines_database_url").read_text(encoding="utf-8")


def test_a_fault_in_a_dockerfile_is_found(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile.bad"
    file.write_text("FROM debian\nRUN cd /tmp && apt-get install curl\n", encoding="utf-8")
    faults = "\n".join(CHECK["dockerfile_faults"]([file]))
    assert "DL3003" in faults
    assert "no ARG BASE_IMAGE" in faults


def test_the_senders_example_is_one_that_it_reads(tmp_path: Path) -> None:
    credential = tmp_path / "database_url"
    credential.write_text("postgresql://host:secret@centre/smsswitch\n", encoding="utf-8")
    text = (ROOT / "docker" / "sender" / "sender.toml").read_text(encoding="utf-8")
    assert "/run/secrets/sender_database_url" in text
    file = tmp_path / "sender.toml"
    file.write_text(text.replace("/run/secrets/sender_database_url", str(credential)), "utf-8")
    settings = load(file)
    assert settings.server == "postgresql://host:secret@centre/smsswitch"
    assert [modem.port for modem in settings.ports()] == ["/dev/modem1"]
    assert settings.status_port == 9123
    assert settings.journal.is_relative_to("/var/lib/sms-sender")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A PostgreSQL set up by docker/postgres/init.sql, as the compose file's first start does."""
    data = tmp_path_factory.mktemp("production") / "data"
    server = postgres.start(data, fast=True)
    try:
        script = ROOT / "docker" / "postgres" / "init.sql"
        subprocess.run(
            [str(server.bin_dir / "psql"), "-v", "ON_ERROR_STOP=1", "-q", "-d", server.url],
            stdin=script.open(encoding="utf-8"),
            env={**os.environ, **PASSWORDS},
            check=True,
        )
        migrate(_url(server, "smsswitch_migrate", "migrate1"))
        yield server
    finally:
        postgres.stop(data)


def _url(server: postgres.Server, login: str, password: str, database: str = "smsswitch") -> str:
    return f"postgresql://{login}:{password}@127.0.0.1:{server.port}/{database}"


@contextmanager
def _login(server: postgres.Server, *who: str) -> Iterator[Connection]:
    with closing(psycopg2.connect(_url(server, *who))) as conn:
        conn.autocommit = True
        yield conn


def _run(conn: Connection, statement: str, params: Any = None) -> None:
    with conn.cursor() as cur:
        cur.execute(statement, params)


def test_no_secret_of_the_set_up_may_be_missing(production: postgres.Server) -> None:
    done = subprocess.run(
        [str(production.bin_dir / "psql"), "-v", "ON_ERROR_STOP=1", "-q", "-d", production.url],
        input="\\getenv pw NOT_SET_ANYWHERE\ncreate role unguarded login password :'pw';",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0


def test_migrations_need_no_superuser_and_may_run_again(production: postgres.Server) -> None:
    assert migrate(_url(production, "smsswitch_migrate", "migrate1")) == []


def test_the_pipelines_may_work_as_app_and_as_nobody_greater(production: postgres.Server) -> None:
    with _login(production, "smsswitch_pipelines", "pipelines1") as conn:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            _run(conn, "select from public.client")
        _run(conn, "set role smsswitch_app")
        _run(conn, "insert into client (code, name) values ('compose', 'Compose')")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            _run(conn, "create table public.own (id int)")
        for role in ("smsswitch_owner", "smsswitch_migrate", "smsswitch_auditor", "postgres"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                _run(conn, sql.SQL("set role {}").format(sql.Identifier(role)).as_string(conn))
        _run(conn, "set role smsswitch_taxation")


MAPPING = """\
version: 1
kind: contact-list
list: people
confirmed: true
columns: [{column: 1, to: first_name}, {column: 2, to: phone}]
"""
CAMPAIGN = """\
version: 1
kind: campaign
campaign: hello
list: people
state: active
purpose: transactional
message: "Bonjour {first_name}"
"""


def test_the_pipelines_login_is_enough_for_a_day(
    production: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = _url(production, "smsswitch_pipelines", "pipelines1")
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", url)
    rows = "".join(f"Ann;06 39 98 00 {n:02d}\n" for n in range(20))
    (tmp_path / "people.csv").write_text("prenom;telephone\n" + rows, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "hello.yaml").write_text(CAMPAIGN, encoding="utf-8")

    def smsswitch_does(line: str) -> str:
        done = CliRunner().invoke(smsswitch, line.format(tmp_path, tmp_path).split())
        assert done.exit_code == 0, f"{line}: {done.output} {done.exception!r}"
        return done.stdout

    smsswitch_does("clients add acme --name Acme --credit 100")
    group = json.loads(
        smsswitch_does("groups add --mac 64311be9e9aa --alias one --modems 1 --json")
    )
    smsswitch_does("contacts import {}/people.csv --client acme --mapping {}/mapping.yaml")
    smsswitch_does("campaigns apply {}/hello.yaml --client acme")
    for line in (
        "campaigns expand",
        "monitor rollup",
        "taxation generate --tickets 20 -o {}/TAXAAAAA.DAT",
        "taxation ingest {}/TAXAAAAA.DAT --pbx hq",
        "billing rate",
        "taxation analyse call_types",
        "taxation replay --all",
        "reports build R1 T1",
        "reports pages",
        "scan",
    ):
        smsswitch_does(line)
    status = json.loads(smsswitch_does("campaigns status hello --client acme --json"))
    assert status["counts"]["planned"] == 20
    with closing(psycopg2.connect(group["database_url"])) as host:
        host.autocommit = True
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            _run(host, "select from public.message")
        _run(
            host,
            "select api.register_host_v1(%s, gen_random_uuid(), 'boot', '{}')",
            (group["mac"],),
        )
    smsswitch_does("groups condemn one")


def test_airflow_and_the_business_stay_out_of_each_others_database(
    production: postgres.Server,
) -> None:
    with _login(production, "airflow", "airflow1", "airflow") as conn:
        _run(conn, "create table job_of_airflow (id int)")
    for login, password, database in (
        ("airflow", "airflow1", "smsswitch"),
        ("smsswitch_pipelines", "pipelines1", "airflow"),
        ("smsswitch_migrate", "migrate1", "airflow"),
    ):
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(_url(production, login, password, database))


def test_the_access_rules_are_ones_that_postgresql_reads(
    production: postgres.Server, tmp_path: Path
) -> None:
    rules = (ROOT / "docker" / "postgres" / "pg_hba.conf").read_text(encoding="utf-8")
    live = production.data_dir / "pg_hba.conf"
    saved = live.read_text(encoding="utf-8")
    live.write_text(saved + rules, encoding="utf-8")
    try:
        with closing(psycopg2.connect(production.url)) as conn, conn.cursor() as cur:
            cur.execute("select count(*), count(error) from pg_hba_file_rules")
            count, errors = cur.fetchone() or (0, 0)
            cur.execute("select error from pg_hba_file_rules where error is not null")
            found = [row[0] for row in cur.fetchall()]
    finally:
        live.write_text(saved, encoding="utf-8")
    lines = [line for line in (saved + rules).splitlines() if re.match(r"\s*(local|host)", line)]
    assert count == len(lines)
    # hostssl is understood, and waits for a certificate.
    assert errors == len(found) == len(re.findall(r"^hostssl", rules, re.MULTILINE))
    assert all("SSL is disabled" in error for error in found)
    # Nothing in the clear.
    assert not re.search(r"^host(nossl)?\s|trust|password$|md5", rules, re.MULTILINE)


@pytest.mark.airflow
def test_the_health_check_believes_only_a_fresh_heartbeat_of_this_container(
    production: postgres.Server,
) -> None:
    url = _url(production, "airflow", "airflow1", "airflow")
    sqlalchemy_url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
    _make_airflows_job_table(sqlalchemy_url)
    check = HEALTH["job"]
    with closing(psycopg2.connect(url)) as conn:
        conn.autocommit = True
        insert = (
            "insert into job (job_type, hostname, state, latest_heartbeat) "
            "values ('SchedulerJob', %s, %s, now() - %s * interval '1 second')"
        )
        _run(conn, insert, ("another-container", "running", 1))
        _run(conn, insert, (socket.gethostname(), "failed", 1))
        assert "no SchedulerJob" in check("SchedulerJob", sqlalchemy_url)
        _run(conn, insert, (socket.gethostname(), "running", 300))
        assert "300 s old" in check("SchedulerJob", sqlalchemy_url)
        _run(conn, insert, (socket.gethostname(), "running", 1))
        assert check("SchedulerJob", sqlalchemy_url) is None


def _make_airflows_job_table(url: str) -> None:
    from airflow.jobs.job import Job
    from sqlalchemy import create_engine

    engine = create_engine(url)
    Job.__table__.create(engine)
    engine.dispose()
