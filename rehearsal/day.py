"""The demo's day on the production stack: clients come in by S3 and SFTP, operators type in a container."""

import configparser
import http.client
import json
import os
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import paramiko
import psycopg2

from include.demo.centre import Centre, CentreError, parse
from include.demo.day import CLIENTS, Day, Say, Size
from include.demo.hosts import start_modems
from include.demo.texts import CLINIC
from include.errors import TransientError
from include.stack.airflow import AirflowError, Api
from include.storage import Storage
from rehearsal.production import FOLDER, Production
from rehearsal.senders import start_sender

T = TypeVar("T")
SEED = 2012
SIZE = Size(latency_ms=80)  # slow enough for something to die in the middle


class TlsApi(Api):
    """Airflow's REST API through the reverse proxy, its certificate verified."""

    def __init__(self, production: Production, username: str, password: str) -> None:
        super().__init__(production.port("AIRFLOW_PORT"), username, password)
        self._tls = ssl.create_default_context(cafile=str(production.secrets / "ca_certificate"))

    def connection(self) -> http.client.HTTPConnection:
        """A new connection to it."""
        return http.client.HTTPSConnection("localhost", self.port, timeout=60, context=self._tls)

    def ask_openly(self, path: str) -> Any:
        """What is told to somebody who has not logged in."""
        return self._ask("GET", path, None, {})

    def plugin(self, method: str, path: str, body: object = None) -> Any:
        """One request outside /api/v2, as the same user."""
        self.token()
        return self._ask(method, path, body, {"Authorization": f"Bearer {self._token}"})


class ProductionCentre(Centre):
    """The centre in containers: commands run where an operator would type them."""

    def __init__(self, production: Production) -> None:
        self.production = production
        self.api = TlsApi(production, "admin", production.secret("airflow_admin_password"))

    def command(self, *arguments: str) -> str:
        """Run `smsswitch …` in the containers; only the generator of test spools runs here."""
        if arguments[:2] == ("taxation", "generate"):
            return super().command(*arguments)
        if "bucket-login" in arguments:
            return self.production.compose(
                "run", "--rm", "--no-deps", "-T", "operator", "smsswitch", *arguments,
                profiles=("operator",),
            )  # fmt: skip
        return self.production.smsswitch(*arguments)


class ProductionDay(Day):
    """The same steps on the production stack, with what kills and restarts in between."""

    def __init__(
        self,
        production: Production,
        say: Say,
        seed: int,
        at: Callable[..., None],
        size: Size = SIZE,
    ) -> None:
        self.production, self.at = production, at
        self.logins: dict[str, dict[str, Any]] = {}
        super().__init__(
            say,
            size,
            seed,
            stack_of(production),
            centre=ProductionCentre(production),
            folder=FOLDER / "demo",
        )

    def clear(self) -> None:
        """Nothing: the volumes are new."""

    def enrol(self) -> None:
        """As on one machine; each client gets a login of its own to the bucket."""
        super().enrol()
        for code in self.clients():
            told = parse(self.centre.command("clients", "bucket-login", code, "--json"))
            self.logins[code] = told
        self.production.compose("exec", "-T", "bucket", "sh", "-c", "sleep 6")  # it looks every 2 s
        self.say("each client has its own login: one uses S3, the other SFTP")

    @staticmethod
    def clients() -> list[str]:
        """The codes of the day's clients."""
        return list(CLIENTS)

    def start_host(self, group: dict[str, Any], modems: int) -> None:
        """A sender in a container of its own, its emulated modems outside."""
        folder = self.folder / group["alias"].replace(" ", "-")
        farm = start_modems(folder, modems, **self.network())
        self.hosts.append(start_sender(self.production, len(self.hosts) + 1, group, farm))  # type: ignore[arg-type]

    def drop(self, client: str, name: str, content: bytes) -> None:
        """Leave a file as that client would: with its own login, by S3 or by SFTP."""
        key = f"clients/{client}/inbox/{name}"
        if client == CLINIC:
            self._put_by_sftp(client, f"/inbox/{name}", content)
        else:
            login = self.logins[client]
            own = Storage(
                self.bucket.url,
                **s3(self.production, login["user"], login["secret_key"]),
            )
            own.write_bytes(key, content)
        self.say(f"{client} drops {name} ({len(content):,} bytes)")
        self.at(f"dropped {name}")

    def _put_by_sftp(self, client: str, path: str, content: bytes) -> None:
        login = self.logins[client]
        transport = paramiko.Transport(("127.0.0.1", self.production.port("SFTP_PORT")))
        try:
            transport.connect(username=login["user"], password=login["sftp_password"])
            sftp = paramiko.SFTPClient.from_transport(transport)
            if sftp is None:
                raise TransientError("the SFTP server opened no session")
            with sftp.open(path, "wb") as file:
                file.write(content)
        finally:
            transport.close()

    def wait(
        self,
        what: str,
        ask: Callable[[], T],
        tell: Callable[[T], None],
        finished: Callable[[T], bool],
        hasten: Callable[[], None] = lambda: None,
    ) -> T:
        """As on one machine; a database that is away for a moment is asked again."""
        last: list[T] = []

        def asked() -> T:
            try:
                last[:] = [ask()]
            except (TransientError, psycopg2.OperationalError):
                if not last:
                    raise
            return last[0]

        def told(rows: T) -> None:
            tell(rows)
            self.at(what, rows)

        return super().wait(what, asked, told, finished, patient(hasten))


def patient(work: Callable[[], None]) -> Callable[[], None]:
    """The same, but what cannot be reached now is left for the next time."""

    def tried() -> None:
        try:
            work()
        except (TransientError, AirflowError, CentreError):
            return

    return tried


def stack_of(production: Production) -> dict[str, Any]:
    """What `stack.json` says of a stack on one machine; the database's address goes into the environment."""
    password = production.secret("pipelines_password")
    os.environ["SMSSWITCH_DATABASE_URL"] = (
        f"postgresql://smsswitch_pipelines:{password}@localhost:{production.port('POSTGRES_PORT')}"
        f"/smsswitch?sslmode=verify-full&sslrootcert={production.secrets}/ca_certificate"
    )
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    credentials = configparser.ConfigParser()
    credentials.read_string(production.secret("bucket_pipelines_credentials"))
    login = credentials["default"]
    return {
        "bucket_url": "s3://smsswitch-clients",
        "spool_url": "s3://smsswitch-spool",
        "reports_url": "s3://smsswitch-reports",
        "storage_options": s3(
            production, login["aws_access_key_id"], login["aws_secret_access_key"]
        ),
    }


def s3(production: Production, key: str, secret: str) -> dict[str, Any]:
    """How s3fs reaches the bucket through the reverse proxy."""
    return {
        "key": key,
        "secret": secret,
        "endpoint_url": f"https://localhost:{production.port('BUCKET_PORT')}",
        "client_kwargs": {"verify": str(production.secrets / "ca_certificate")},
    }


def pace(logs: Iterable[Path]) -> float:
    """Parts a second that the emulated modems took, from the first to the last."""
    times = [
        datetime.fromisoformat(json.loads(line)["at"]).timestamp()
        for log in logs
        for line in log.read_text(encoding="utf-8").splitlines()
    ]
    return round(len(times) / max(1.0, max(times) - min(times)), 1)


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Where two summaries differ in what a person would count; times and places are left out."""
    found = []
    for part in sorted({*ours, *theirs} - {"seconds", "reports"}):
        a, b = ours.get(part), theirs.get(part)
        if a != b:
            found.append(f"{part}: {a} here, {b} on one machine")
    if len(ours.get("reports", [])) != len(theirs.get("reports", [])):
        found.append(f"reports: {len(ours['reports'])} here, {len(theirs['reports'])}")
    return found
