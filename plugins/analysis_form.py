"""The form of the DAGs that run one of the nine analyses of the calls."""

from typing import Any

from airflow.sdk import Param

ANALYSES = [
    "anomalies",
    "call_types",
    "cost_per_cost_centre",
    "layouts_seen",
    "top_destinations",
    "traffic_by_hour",
    "trunk_occupation",
    "unanswered",
    "unused_extensions",
]
_DAY: dict[str, Any] = {"type": ["null", "string"], "format": "date"}
_NAME: dict[str, Any] = {"type": ["null", "string"], "maxLength": 64}


def analysis_form(**more: Param) -> dict[str, Param]:
    """Return the form's fields; `more` comes after the analysis."""
    return {
        "analysis": Param("cost_per_cost_centre", type="string", enum=ANALYSES, title="Analysis"),
        **more,
        "from": Param(None, title="From", **_DAY),
        "to": Param(None, title="To", **_DAY),
        "pbx": Param(None, title="PBX", **_NAME),
        "cost_centre": Param(None, title="Cost centre", **_NAME),
        "trunk_group": Param(None, title="Trunk group", **_NAME),
        "more": Param({}, type="object", title="More parameters"),
    }
