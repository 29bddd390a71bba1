"""Hold kubernetes/ against the schemas of Kubernetes and against what docker-compose.yaml runs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "kubernetes"
VALUES = FOLDER / "airflow-values.yaml"
VALIDATOR = "kubernetes-validate==1.37.0"
# The chart sets these itself, or they hang on the place.
OF_THE_CHART = re.compile(
    r"__(EXECUTOR|PARALLELISM|EXECUTION_API_SERVER_URL|BASE_URL|BASE_LOG_FOLDER"
    r"|DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY)$|_CMD$"
)
SETTING = re.compile(r'^  AIRFLOW__([A-Z_]+?)__([A-Z_]+): "?([^"\n]*)"?$', re.MULTILINE)


def schema_faults() -> Iterator[str]:
    """What the schemas refuse; unknown fields too."""
    manifests = [str(file) for file in sorted(FOLDER.glob("*.yaml")) if file != VALUES]
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [
            str(uv),
            "tool",
            "run",
            "-q",
            "--from",
            VALIDATOR,
            "kubernetes-validate",
            "--strict",
            *manifests,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(done.stdout)
    if done.returncode:
        yield (done.stderr or done.stdout).strip()


def values_faults() -> Iterator[str]:
    """Settings of Airflow that differ from those of the compose file."""
    values: dict[str, Any] = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
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


def main() -> int:
    """Check and say what is wrong."""
    faults = [*values_faults(), *schema_faults()]
    for fault in faults:
        sys.stderr.write(f"kubernetes-check: {fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
