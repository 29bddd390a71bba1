"""The embedded PostgreSQL, started for real in folders of the test's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from include.stack import postgres
from include.stack.errors import StackError
from include.stack.processes import Mark, wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "pg"
    yield data
    postgres.stop(data)


def ask(url: str, query: str) -> object:
    conn = psycopg2.connect(url)
    conn.autocommit = True
    try:
        with conn.cursor() as cur:
            cur.execute(query)
            row = cur.fetchone()
            return row[0] if row else None
    finally:
        conn.close()


def test_it_listens_on_the_loopback_only_and_speaks_utf8(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    ports = {
        (c.laddr.ip, c.laddr.port)
        for c in psutil.net_connections("inet")
        if c.pid == server.pid and c.status == "LISTEN" and c.laddr
    }
    assert ports == {("127.0.0.1", server.port)}
    assert ask(server.url, "show unix_socket_directories") == ""
    assert ask(server.url, "show server_encoding") == "UTF8"


def test_only_the_password_opens_it_and_only_its_owner_reads_it(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    secret = folder.with_name("pg.json")
    assert secret.stat().st_mode & 0o777 == 0o600
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres")


def test_durable_unless_asked_otherwise(folder: Path) -> None:
    server = postgres.start(folder)
    assert (ask(server.url, "show fsync"), ask(server.url, "show full_page_writes")) == ("on", "on")


def test_a_second_start_finds_the_running_one(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    assert postgres.start(folder, fast=True) == server


def test_data_password_and_port_outlive_a_restart(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    ask(server.url, "create table kept as select 1 as one; select 1")
    assert postgres.stop(folder)
    again = postgres.start(folder, fast=True)
    assert again.url == server.url
    assert ask(again.url, "select one from kept") == 1


def test_stopping_leaves_no_process_and_twice_is_harmless(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    mark = Mark.of(server.pid)
    family = psutil.Process(server.pid).children(recursive=True)
    assert postgres.stop(folder)
    assert mark.find() is None
    assert not [child for child in family if child.is_running()]
    assert not postgres.stop(folder)


def test_a_stale_pid_file_of_a_living_stranger_is_no_obstacle(folder: Path) -> None:
    postgres.start(folder, fast=True)
    postgres.stop(folder)
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")
    server = postgres.start(folder, fast=True)
    assert server.pid != os.getpid()


def test_a_killed_server_comes_back(folder: Path) -> None:
    server = postgres.start(folder)
    ask(server.url, "create table kept as select 1 as one; select 1")
    mark = Mark.of(server.pid)
    psutil.Process(server.pid).kill()
    assert wait_until(lambda: mark.find() is None, timeout=120)
    assert ask(postgres.start(folder).url, "select one from kept") == 1


def test_what_an_interrupted_initdb_left_is_begun_anew(folder: Path) -> None:
    half = folder.with_name("pg.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("17\n")
    assert ask(postgres.start(folder, fast=True).url, "select 1") == 1


def test_a_taken_port_is_one_clear_line(folder: Path) -> None:
    other = postgres.start(folder, fast=True)
    with pytest.raises(StackError, match=f"port {other.port} is in use"):
        postgres.start(folder.with_name("second"), port=other.port, fast=True)


def test_a_lost_password_is_one_clear_line(folder: Path) -> None:
    postgres.start(folder, fast=True)
    secret = folder.with_name("pg.json")
    kept = secret.read_text()
    secret.unlink()
    with pytest.raises(StackError, match="password"):
        postgres.start(folder, fast=True)
    secret.write_text(kept)


def test_a_password_in_a_failing_statement_stays_out_of_the_log(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    with pytest.raises(psycopg2.errors.DuplicateObject):
        ask(server.url, "create role postgres password 'rosebud-1941'")
    assert "rosebud-1941" not in folder.with_name("pg.log").read_text()


def test_its_own_address_is_recognised(folder: Path) -> None:
    server = postgres.start(folder, fast=True)
    assert postgres.is_own(folder, server.database_url("smsswitch"))
    assert not postgres.is_own(folder, "postgresql://postgres:other@127.0.0.1:5432/smsswitch")


def test_it_starts_where_only_its_owner_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = postgres.start(closed / "pg", fast=True)
    try:
        assert ask(server.url, "select 1") == 1
    finally:
        postgres.stop(closed / "pg")


@pytest.mark.parametrize("tool", ["unshare", "setpriv"])
def test_root_has_more_than_one_way(tool: str, folder: Path) -> None:
    """With only one of the tools on the path, as on a machine that forbids the other."""
    found = shutil.which(tool)
    assert found is not None
    only = folder.with_name("bin")
    only.mkdir()
    (only / tool).symlink_to(found)
    code = (
        "import sys, pathlib; from include.stack import postgres as p;"
        "print(*p.as_ordinary_user()); p.start(pathlib.Path(sys.argv[1]), fast=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PATH": str(only)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[:1] == ([tool] if os.geteuid() == 0 else [])
    assert ask(postgres.start(folder).url, "select 1") == 1
