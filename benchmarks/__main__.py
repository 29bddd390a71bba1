"""`make bench`: every figure, or the ones named; each prints one JSON document and keeps it in var/bench/."""

import json
import platform
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click
import psutil

from include.settings import var_dir

FIGURES = {
    "p1": ("benchmarks.p1_import:measure", "importing a CSV of a million contacts"),
    "p2": ("benchmarks.p2_workbook:measure", "importing a workbook of 100,000 contacts"),
    "p3": ("benchmarks.p3_expand:measure", "expanding a campaign of a million contacts"),
    "p6": ("benchmarks.p6_taxation:measure", "spool files into taxdata"),
    "p7": ("benchmarks.p7_rating:measure", "rating a million tickets"),
    "p4": ("benchmarks.p4_hosts:measure", "200 hosts claiming and reporting at one PostgreSQL"),
    "fleet": ("benchmarks.fleet:measure", "the fleet of docs/scale.md at its own pace"),
    "p5": ("benchmarks.p5_sender:measure", "the sender against a bare client and three peers"),
    "p10": ("benchmarks.p10_year:measure", "the pages over a year of 50,000 messages a day"),
    "p8": ("benchmarks.p8_drop:measure", "from a dropped file to its receipt, Airflow running"),
    "p9": ("benchmarks.p9_cold_start:measure", "cold `make demo`, then `make test`"),
}


@click.command(epilog="\n\n".join(f"{name}: {about}" for name, (_, about) in FIGURES.items()))
@click.argument("names", nargs=-1, type=click.Choice(list(FIGURES)))
def bench(names: tuple[str, ...]) -> None:
    """Measure NAMES, or every figure."""
    folder = var_dir() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or FIGURES:
        module, function = FIGURES[name][0].split(":")
        measure: Callable[[], dict[str, Any]] = getattr(import_module(module), function)
        document = {"figure": name, "machine": machine(), **measure()}
        text = json.dumps(document, indent=2)
        (folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}.json").write_text(text + "\n")
        click.echo(text)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "python": platform.python_version(),
        "load": psutil.getloadavg()[0],
    }


if __name__ == "__main__":
    bench()
