"""`make up` and `make down`: everything started in the background, ended by process id.

Kept below `var/run`: `stack.json` for people and programs (mode 0600), `processes.json` for `down`,
`secrets.json`. Nothing watches the processes; `status` looks when asked.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from include.db.migrate import migrate
from include.settings import FICTION, ROOT, settings, var_dir
from include.stack import airflow, databases, postgres
from include.stack.errors import StackError
from include.stack.processes import (
    Mark,
    end,
    end_session,
    listens,
    port_is_free,
    reserved_port,
    spawn,
)
from include.storage import local_path

Progress = Callable[[str], None]
MIN_FREE_BYTES = 2 * 1024**3
START_SECONDS = 240.0
USUAL_PORT = 8080
ADDRESSES = ("database_url", "bucket_url", "spool_url", "reports_url")
PREFIXES = "SMSSWITCH_EXTRA_VALID_PREFIXES"


@dataclass(frozen=True)
class Files:
    """Where one stack keeps what it is."""

    var: Path

    @classmethod
    def here(cls) -> Files:
        """Those of the stack that the settings name."""
        return cls(var_dir())

    @property
    def stack(self) -> Path:
        """The contract: addresses and logins."""
        return self.var / "run" / "stack.json"

    @property
    def processes(self) -> Path:
        """Names with pids and start times."""
        return self.var / "run" / "processes.json"

    @property
    def secrets(self) -> Path:
        """Made once, reused by every later start."""
        return self.var / "run" / "secrets.json"

    @property
    def postgres(self) -> Path:
        """The embedded server's data."""
        return self.var / "postgres"

    def log(self, name: str) -> Path:
        """The log file of one process."""
        return self.var / "log" / f"{name}.log"


def up(say: Progress) -> dict[str, object]:
    """Start the whole centre in the background; the document of `stack.json`.

    A stack that is up already is left as it is but for its database, without which the tasks of a
    program that has become newer would wait; what an interrupted start left is ended first.
    A start that fails or is interrupted ends what it started.
    """
    files = Files.here()
    (files.var / "run").mkdir(parents=True, exist_ok=True)
    (files.var / "log").mkdir(exist_ok=True)
    with _alone(files):
        if (known := _standing(files)) is not None:
            given = os.environ.get("SMSSWITCH_DATABASE_URL", "")
            if given and given != known["database_url"]:
                raise StackError(
                    "the stack that is up uses another database than SMSSWITCH_DATABASE_URL: "
                    "unset that, or end the stack with `make down`"
                )
            say(f"already up: {known['airflow_url']}")
            if ran := migrate(str(known["database_url"])):
                say(f"this program is newer, its database is brought up to date: {', '.join(ran)}")
                say("`make down` and `make up` start its processes anew, too")
            return known
        if files.processes.exists():
            say("ending what an interrupted start left behind")
            _end_all(files)
        _check_room(files.var)
        try:
            with _airflow_port() as port:
                return _start(files, port, say)
        except BaseException:
            _end_all(files)
            raise


def down(say: Progress) -> bool:
    """End every process of the stack; False when there was none."""
    files = Files.here()
    if not files.processes.parent.exists():
        return False
    with _alone(files):
        return _end_all(files, say)


def status() -> dict[str, bool]:
    """Each process of the stack by name, and whether it runs; empty when the stack is down."""
    return {name: mark.find() is not None for name, mark in _marks(Files.here()).items()}


def is_up() -> bool:
    """Whether every process of the stack runs and its addresses are known."""
    return _standing(Files.here()) is not None


def addresses() -> dict[str, str]:
    """The addresses in `stack.json` by name; StackError when the stack is down."""
    known = _standing(Files.here())
    if known is None:
        raise StackError("the stack is not up: start it with `make up`")
    return {name: str(known[name]) for name in known if name in ADDRESSES}


def variables() -> dict[str, str]:
    """The settings of the running stack as variables; StackError when it is down."""
    found = {f"SMSSWITCH_{name.upper()}": url for name, url in addresses().items()}
    return {**found, PREFIXES: os.environ.get(PREFIXES, FICTION)}


def _start(files: Files, port: int, say: Progress) -> dict[str, object]:
    began = time.monotonic()
    known = airflow.Secrets.load(files.secrets)
    database_url, metadata_url = _databases(files, known.metadata_password, say)
    os.environ["SMSSWITCH_DATABASE_URL"] = database_url
    migrate(database_url)
    env = airflow.environment(files.var, port, metadata_url, known)
    env |= _addresses()
    say("setting up Airflow's database")
    airflow.migrate_metadata(env, files.log("migrate"))
    say("starting Airflow: api-server, scheduler, dag-processor, triggerer")
    _spawn_airflow(files, env)
    document: dict[str, object] = {
        "airflow_url": env["AIRFLOW__API__BASE_URL"],
        "users": {u: {"username": u, "password": p} for u, p in known.passwords.items()},
        "database_url": database_url,
        "bucket_url": env["SMSSWITCH_BUCKET_URL"],
        "spool_url": env["SMSSWITCH_SPOOL_URL"],
        "reports_url": env["SMSSWITCH_REPORTS_URL"],
    }
    api = airflow.Api(port, "admin", known.passwords["admin"])
    _await_health(files, api, say)
    _await_dags(api, say)
    airflow.write_private(files.stack, document)
    say(f"up after {time.monotonic() - began:.0f} s")
    return document


@contextmanager
def _airflow_port() -> Iterator[int]:
    wanted = os.environ.get("SMSSWITCH_AIRFLOW_PORT", "")
    if not wanted:
        with reserved_port(prefer=USUAL_PORT) as port:
            yield port
        return
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise StackError(f"SMSSWITCH_AIRFLOW_PORT must be a port number, not {wanted!r}")
    if not port_is_free(int(wanted)):
        raise StackError(
            f"port {wanted} is in use: end what listens there, or set SMSSWITCH_AIRFLOW_PORT"
        )
    yield int(wanted)


def _databases(files: Files, password: str, say: Progress) -> tuple[str, str]:
    """The addresses of the business database and of Airflow's, both there when this returns."""
    given = os.environ.get("SMSSWITCH_DATABASE_URL", "")
    if given and not postgres.is_own(files.postgres, given):
        say("using the PostgreSQL of SMSSWITCH_DATABASE_URL")
        return given, databases.metadata(given, databases.name_of(given) + "_airflow", password)
    say("starting PostgreSQL")
    server = postgres.start(files.postgres)
    _record(files, "postgres", Mark.of(server.pid))
    databases.make(server.url, "smsswitch")
    business = server.database_url("smsswitch")
    return business, databases.metadata(business, "airflow", password)


def _addresses() -> dict[str, str]:
    """The settings as variables, with the folders of file addresses made."""
    now = settings()
    addresses = {
        "SMSSWITCH_DATABASE_URL": now.database_url,
        "SMSSWITCH_BUCKET_URL": now.bucket_url,
        "SMSSWITCH_SPOOL_URL": now.spool_url,
        "SMSSWITCH_REPORTS_URL": now.reports_url,
    }
    for url in addresses.values():
        if url.startswith("file://"):
            local_path(url).mkdir(parents=True, exist_ok=True)
    return {**addresses, PREFIXES: os.environ.get(PREFIXES, FICTION)}


def _spawn_airflow(files: Files, env: dict[str, str]) -> None:
    for name, command in airflow.COMPONENTS.items():
        _record(files, name, spawn(command, files.log(name), env))


def _await_health(files: Files, api: airflow.Api, say: Progress) -> None:
    began, waiting = time.time(), list(airflow.COMPONENTS)
    while waiting:
        for name, mark in _marks(files).items():
            if mark.find() is None:
                raise StackError(f"{name} ended by itself: {_last_line(files.log(name))}")
        if time.time() - began > START_SECONDS:
            raise StackError(f"no sign of life of {', '.join(waiting)}: see {files.var / 'log'}")
        time.sleep(0.5)
        mine = listens(_marks(files)["api-server"], api.port)  # and no older one on its port
        still = api.health(since=began) if mine else waiting
        if well := [name for name in waiting if name not in still]:
            say(f"healthy after {time.time() - began:.0f} s: {', '.join(well)}")
        waiting = [name for name in waiting if name in still]


def _await_dags(api: airflow.Api, say: Progress) -> None:
    wanted = {file.stem for file in (ROOT / "dags").glob("[a-z]*.py")}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = {dag["dag_id"] for dag in api.get("/dags?limit=100")["dags"]}
        if wanted <= found:
            say(f"{len(found)} DAGs are ready")
            return
        time.sleep(0.5)
    errors = api.get("/importErrors?limit=1")["import_errors"]
    why = f": {errors[0]['stack_trace'].strip().splitlines()[-1]}" if errors else ""
    raise StackError(f"DAGs that could not be read: {', '.join(sorted(wanted - found))}{why}")


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = [s for s in log.read_text(errors="replace").splitlines() if s.strip()]
        return f"{lines[-1].strip()[:200]} (see {log})" if lines else f"see {log}"
    return f"see {log}"


def _check_room(var: Path) -> None:
    free = shutil.disk_usage(var).free
    if free < MIN_FREE_BYTES:
        raise StackError(
            f"only {free / 1e9:.1f} GB free at {var}, {MIN_FREE_BYTES / 1e9:.1f} GB are needed"
        )


def _standing(files: Files) -> dict[str, object] | None:
    marks = _marks(files)
    if not marks or any(mark.find() is None for mark in marks.values()):
        return None
    try:
        known: dict[str, object] = json.loads(files.stack.read_text())
    except (OSError, ValueError):
        return None
    return known


def _marks(files: Files) -> dict[str, Mark]:
    try:
        recorded = json.loads(files.processes.read_text())
    except (OSError, ValueError):
        return {}
    return {name: Mark(**fields) for name, fields in recorded.items()}


def _record(files: Files, name: str, mark: Mark) -> None:
    known = {**_marks(files), name: mark}
    airflow.write_private(files.processes, {n: asdict(m) for n, m in known.items()})


def _end_all(files: Files, say: Progress = lambda _line: None) -> bool:
    marks = _marks(files)
    components = {name: marks[name] for name in airflow.COMPONENTS if name in marks}
    if components:
        say("stopping Airflow")
        # Running tasks tell the api-server how they ended: it goes last.
        end([mark for name, mark in components.items() if name != "api-server"], grace=20)
        end([mark for name, mark in components.items() if name == "api-server"], grace=10)
        for mark in components.values():
            end_session(mark)
    if "postgres" in marks:
        say("stopping PostgreSQL")
    stopped = postgres.stop(files.postgres)
    files.stack.unlink(missing_ok=True)
    files.processes.unlink(missing_ok=True)
    return bool(components) or stopped


@contextmanager
def _alone(files: Files) -> Iterator[None]:
    with (files.var / "run" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError("another start or stop of this stack is under way") from error
        yield
