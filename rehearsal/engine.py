"""A Docker engine: the one that runs here, or Debian's own, started for the rehearsal and ended by it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import which

import psutil

from include.errors import SmsswitchError
from include.settings import var_dir
from include.stack.processes import Mark, end, spawn

RUN = Path("/run/smsswitch-rehearsal")
START_SECONDS = 120.0
USUAL = Path("/var/run/docker.sock")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
PROGRAMS = ("iptables", "ip6tables")
TABLES = ("nat", "filter")


class EngineError(SmsswitchError):
    """There is no Docker engine, and none can be started."""


@dataclass(frozen=True)
class Engine:
    """A running engine by the address of its socket; ``own`` if the rehearsal started it."""

    host: str
    own: bool

    def docker(self, *arguments: str, stdin: object = None, seconds: float = 600.0) -> str:
        """Run the docker client; its standard output. EngineError with its own words if it fails."""
        done = subprocess.run(
            ["docker", *arguments],
            stdin=stdin if stdin is not None else subprocess.DEVNULL,  # type: ignore[call-overload]
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=self.environment(),
        )
        if done.returncode:
            raise EngineError(f"docker {' '.join(arguments[:2])}: {done.stderr.strip()[-600:]}")
        return str(done.stdout)

    def environment(self) -> dict[str, str]:
        """What the docker client and compose need to find it; no buildx is asked for."""
        return {**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"}

    def answers(self) -> bool:
        """Whether it can be spoken to."""
        return not _fails(["docker", "version"], self.environment())


@contextmanager
def engine(*, keep: bool = False) -> Iterator[Engine]:
    """The engine for as long as it is needed; with ``keep`` one of our own is left running."""
    found = running() or start()
    others = found.own and bool(found.docker("ps", "--quiet").strip())
    try:
        yield found
    finally:
        if found.own and not keep and not (others and found.docker("ps", "--quiet").strip()):
            stop()


def running() -> Engine | None:
    """The engine of DOCKER_HOST, of this machine, or one that a rehearsal has left; else None."""
    own = Engine(f"unix://{RUN}/docker.sock", own=True)
    if (RUN / "engine.json").exists() and own.answers():
        return own
    host = os.environ.get("DOCKER_HOST", f"unix://{USUAL}")
    usual = Engine(host, own=False)
    if which("docker") is None:
        raise EngineError("the docker client is missing (Debian: apt install docker.io)")
    return usual if ("DOCKER_HOST" in os.environ or USUAL.exists()) and usual.answers() else None


def start() -> Engine:
    """Start Debian's engine with its data below var/compose, where images are kept for the next time."""
    dockerd = which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if dockerd is None or os.geteuid() != 0:
        raise EngineError("no Docker engine runs here: start one, or as root apt install docker.io")
    RUN.mkdir(mode=0o700, exist_ok=True)
    data = var_dir() / "compose" / "docker"
    before = {"rules": _has_rules(), "forwarding": FORWARDING.read_text().strip(), "was": traces()}
    mark = spawn(
        [dockerd, f"--data-root={data}", f"--exec-root={RUN}/exec", f"--pidfile={RUN}/pid",
         f"--host=unix://{RUN}/docker.sock", "--userland-proxy=true"],
        var_dir() / "compose" / "dockerd.log",
        os.environ,
    )  # fmt: skip
    (RUN / "engine.json").write_text(json.dumps({"mark": asdict(mark), **before}))
    own = Engine(f"unix://{RUN}/docker.sock", own=True)
    deadline = time.monotonic() + START_SECONDS
    while not own.answers():
        if mark.find() is None or time.monotonic() > deadline:
            stop()
            raise EngineError(f"dockerd did not start: see {var_dir()}/compose/dockerd.log")
        time.sleep(0.2)
    return own


def stop() -> None:
    """End the engine that the rehearsal started, and take away its networks and packet rules.

    EngineError names what is left of it all the same.
    """
    file = RUN / "engine.json"
    if not file.exists():
        return
    known = json.loads(file.read_text())
    end([Mark(**known["mark"])], ask=signal.SIGTERM, grace=60.0)
    if not known["rules"]:
        for program in PROGRAMS:
            _drop_rules(program)
        for link in _bridges():
            subprocess.run(["ip", "link", "delete", link], check=False, capture_output=True)
        _restore_policies(known["was"])
    FORWARDING.write_text(known["forwarding"])
    shutil.rmtree(RUN, ignore_errors=True)
    if left := [trace for trace in traces() if trace not in known["was"]]:
        raise EngineError(f"the engine has left: {'; '.join(left)}")


def traces() -> list[str]:
    """What an engine adds to a machine: packet rules, links, mounts, processes of containers."""
    found = [
        f"{program} -t {table} {line}"
        for program in PROGRAMS
        for table in TABLES
        for line in _rules(program, table)
    ]
    found += [f"link {path.name}" for path in Path("/sys/class/net").iterdir()]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    found += [f"mount {one.split()[1]}" for one in mounts if "/docker/" in one or str(RUN) in one]
    for process in psutil.process_iter(["name", "pid"]):
        if process.info["name"].startswith(("dockerd", "containerd", "docker-proxy")):
            found.append(f"process {process.info['pid']} {process.info['name']}")
    return sorted(found)


def _restore_policies(was: list[str]) -> None:
    for words in map(shlex.split, was):
        if words[0] in PROGRAMS and words[3] == "-P":
            _fails(words)


def _has_rules() -> bool:
    return any("DOCKER" in line for line in _rules("iptables", "filter"))


def _rules(program: str, table: str) -> list[str]:
    done = subprocess.run([program, "-t", table, "-S"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def _drop_rules(program: str) -> None:
    for table in TABLES:
        chains = []
        for line in _rules(program, table):
            words = shlex.split(line)
            if words[0] == "-N" and words[1].startswith("DOCKER"):
                chains.append(words[1])
            elif words[0] == "-A" and not words[1].startswith("DOCKER") and _is_dockers(words):
                _fails([program, "-t", table, "-D", *words[1:]])
        for chain in chains:
            _fails([program, "-t", table, "-F", chain])
        for chain in chains:
            _fails([program, "-t", table, "-X", chain])


def _is_dockers(words: list[str]) -> bool:
    return any(word.startswith(("DOCKER", "docker0", "br-")) for word in words)


def _bridges() -> list[str]:
    names = [path.name for path in Path("/sys/class/net").iterdir()]
    return [name for name in names if name == "docker0" or name.startswith("br-")]


def _fails(command: list[str], env: dict[str, str] | None = None) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=env, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 0
