"""Who may do what in the running stack: the people of Airflow, and clients with logins to the bucket."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import fsspec
import paramiko

from include.stack.airflow import AirflowError
from rehearsal.day import TlsApi, s3
from rehearsal.production import Production, ProductionError, new_password, want

T = TypeVar("T")
# What is asked, and who may: each role of docker/roles.py, logged in with its password.
ASKED: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "look": ("GET", "/monitoring/api/groups", None),
    "see every DAG": ("GET", "/api/v2/dags", None),
    "order groups": (
        "POST",
        "/api/v2/dags/group_control/dagRuns",
        {"action": "stop", "mac": "64:31:50:1b:e9:e9"},
    ),
    "administer clients": ("POST", "/api/v2/dags/client_admin/dagRuns", {}),
    "take data away": ("POST", "/api/v2/dags/retention/dagRuns", {"dry_run": True}),
    "see whole numbers": ("POST", "/api/v2/dags/taxation_unmask/dagRuns", {}),
    "read the audit log": ("GET", "/api/v2/eventLogs", None),
    "read connections": ("GET", "/api/v2/connections", None),
    "manage users": ("GET", "/auth/fab/v1/users", None),
}
LOOKS = {"look", "see every DAG"}
ROLES = {
    "Admin": set(ASKED),
    "Ops": LOOKS | {"order groups"},
    "Auditor": LOOKS | {"see whole numbers", "read the audit log"},
    "Viewer": LOOKS,
}
BUCKET = "smsswitch-clients"
CODES = ("north", "south")
PATIENCE = 120.0


def roles(production: Production) -> str:
    """One user of each role may do what the role says, and no more; a wrong password is nobody."""
    told = []
    for role, rights in ROLES.items():
        name, password = _user(production, role)
        api = TlsApi(production, name, password)
        seen = {what for what, asked in ASKED.items() if _allowed(partial(_ask, api, *asked))}
        want(seen == rights, f"{role} may {sorted(seen)}, should {sorted(rights)}")
        told.append(f"{role} may {len(seen)} of {len(ASKED)}")
        try:
            TlsApi(production, name, password + "x").token()
        except AirflowError as error:
            want(": 401" in str(error), f"a wrong password was answered {error}")
        else:
            raise ProductionError(f"{role} logged in with a wrong password")
    return "; ".join(told)


def clients(production: Production) -> str:
    """Two clients: each reaches its own folder by S3 and SFTP, and nothing of the other's."""
    logins = {}
    for code in CODES:
        production.smsswitch("clients", "add", code, "--name", code.title())
        words = ("run", "--rm", "--no-deps", "-T", "operator", "smsswitch")
        order = ("clients", "bucket-login", code, "--json")
        logins[code] = json.loads(production.compose(*words, *order, profiles=("operator",)))
    code, other = CODES
    login = logins[code]
    own, home, foreign = _s3(production, login), f"{BUCKET}/clients/{code}", f"clients/{other}"
    _eventually(lambda: own.pipe_file(f"{home}/inbox/contacts/a.txt", b"1"))
    own.find(f"{home}/outbox")
    refused: list[Callable[[], object]] = [
        lambda: own.find(BUCKET),
        lambda: own.find(f"{BUCKET}/{foreign}"),
        lambda: own.cat_file(f"{BUCKET}/{foreign}/outbox/index.html"),
        lambda: own.pipe_file(f"{BUCKET}/{foreign}/inbox/contacts/a.txt", b"1"),
        lambda: own.pipe_file(f"{home}/outbox/a.csv", b"1"),
        lambda: own.find("smsswitch-spool"),
        lambda: own.find("smsswitch-reports"),
        lambda: own.mkdir("a-bucket-of-mine"),
        lambda: _s3(production, {**login, "secret_key": "wrong"}).find(f"{home}/outbox"),
    ]
    for number, ask in enumerate(refused):
        want(_is_refused(ask, PermissionError), f"S3: {code} was not refused (place {number})")
    by_sftp = _sftp_refusals(production, login, other)
    return f"S3: own folder, {len(refused)} others refused; SFTP: own folder, {by_sftp} refused"


def _sftp_refusals(production: Production, login: dict[str, Any], other: str) -> int:
    transport = _eventually(lambda: _logged_in(production, login["user"], login["sftp_password"]))
    try:
        sftp = paramiko.SFTPClient.from_transport(transport)
        if sftp is None:
            raise ProductionError("the SFTP server opened no session")
        with sftp.open("/inbox/contacts/b.txt", "wb") as file:
            file.write(b"2")
        refused: list[Callable[[], object]] = [
            lambda: sftp.open(f"/../{other}/inbox/contacts/a.txt", "wb").close(),
            lambda: sftp.open("/outbox/mine", "wb").close(),
            lambda: sftp.mkdir("/mine"),
        ]
        want("inbox" not in sftp.listdir(f"/../{other}"), "SFTP: another's folder is listed")
        for number, ask in enumerate(refused):
            want(_is_refused(ask, OSError), f"SFTP: somebody was not refused (place {number})")
    finally:
        transport.close()
    try:
        _logged_in(production, login["user"], "wrong").close()
    except paramiko.AuthenticationException:
        return len(refused) + 1
    raise ProductionError("SFTP let somebody in with a wrong password")


def _logged_in(production: Production, user: str, password: str) -> paramiko.Transport:
    transport = paramiko.Transport(("127.0.0.1", production.port("SFTP_PORT")))
    try:
        transport.connect(username=user, password=password)
    except BaseException:
        transport.close()
        raise
    return transport


def _s3(production: Production, login: dict[str, Any]) -> Any:
    options = s3(production, login["user"], login["secret_key"])
    return fsspec.filesystem("s3", **options, skip_instance_cache=True, use_listings_cache=False)


def _eventually(work: Callable[[], T]) -> T:
    """What it returns once it raises nothing: a new login is known to the bucket after seconds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except (OSError, paramiko.SSHException):
            if time.monotonic() > deadline:
                raise
        time.sleep(1.0)


def _is_refused(ask: Callable[[], object], how: type[OSError]) -> bool:
    try:
        ask()
    except how:
        return True
    return False


def _user(production: Production, role: str) -> tuple[str, str]:
    """A new user of that role."""
    password = new_password()
    name = f"rehearsal-{role.lower()}-{password[:5].lower()}"
    api = TlsApi(production, "admin", production.secret("airflow_admin_password"))
    api.plugin(
        "POST",
        "/auth/fab/v1/users",
        {
            "username": name, "password": password, "email": f"{name}@localhost",
            "first_name": "Rehearsal", "last_name": role, "roles": [{"name": role}],
        },
    )  # fmt: skip
    return name, password


def _ask(api: TlsApi, method: str, path: str, form: dict[str, Any] | None) -> Any:
    body = None if form is None else {"logical_date": None, "conf": form}
    return api.plugin(method, path, body)


def _allowed(ask: Callable[[], Any]) -> bool:
    """Whether the person may; that a form lacks a field is told to those who may only."""
    try:
        ask()
    except AirflowError as error:
        if ": 403" in str(error):
            return False
        if ": 400" in str(error) or ": 422" in str(error):
            return True
        raise
    return True
