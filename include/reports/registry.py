"""The kinds of reports there are: each module `r<n>_<slug>` or `t<n>_<slug>` of this package."""

import pkgutil
import re
from functools import cache
from importlib import import_module
from pathlib import Path

from include.errors import InputError
from include.reports.page import Report


@cache
def reports() -> dict[str, Report]:
    """Name -> report, in the order R1, R2, … T1, …"""
    found = [
        import_module(f"include.reports.{module.name}").REPORT
        for module in pkgutil.iter_modules([str(Path(__file__).parent)])
        if re.fullmatch(r"[rt]\d+_\w+", module.name)
    ]
    ordered = sorted(found, key=lambda report: (report.name[0], int(report.name[1:])))
    return {report.name: report for report in ordered}


def report(name: str) -> Report:
    """The report of that name, in any case. Raises InputError `unknown_report`."""
    known = reports()
    if name.upper() not in known:
        names = ", ".join(known)
        raise InputError(
            "unknown_report",
            f"there is no report {name!r}; there are {names}",
            f"il n'y a pas de rapport {name!r} ; il y a {names}",
        )
    return known[name.upper()]
