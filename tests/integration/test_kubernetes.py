"""kubernetes/ says the same as docker-compose.yaml; what differs is found."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = runpy.run_path(str(ROOT / "scripts" / "kubernetes_check.py"))
VALUES = ROOT / "kubernetes" / "airflow-values.yaml"


def test_the_projects_own_values_have_no_fault() -> None:
    assert list(CHECK["values_faults"]()) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('visibility_timeout: "86400"', 'visibility_timeout: "60"', "VISIBILITY_TIMEOUT"),
        ("queue: heavy,light", "queue: light", "no worker serves the queue heavy"),
        ("    extraInitContainers: *wait-for-migration\n", "", "workers.celery: does not wait"),
        ("[smsswitch, db, wait,", "[smsswitch, db, url,", "triggerer: does not wait"),
    ],
)
def test_a_fault_in_the_values_is_found(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    text = VALUES.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / VALUES.name
    file.write_text(text.replace(before, after), encoding="utf-8")
    assert any(fault in found for found in CHECK["values_faults"](file))
