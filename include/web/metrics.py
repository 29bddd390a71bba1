"""The centre's figures in the text format of Prometheus."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from include.db import connect, sql

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HELP = {
    "smsswitch_queue_sms": "SMS planned for or held by a group",
    "smsswitch_unbatched_messages": "Messages planned that no group has yet",
    "smsswitch_sms_per_minute": "SMS that the network took, mean of the last 5 minutes",
    "smsswitch_sms_sent_total": "SMS that the network took",
    "smsswitch_sms_delivered_total": "SMS confirmed by a delivery report",
    "smsswitch_sms_failed_total": "SMS that the network refused for good",
    "smsswitch_modems_in_service": "Modems that can send now",
    "smsswitch_group_started": "1 where the group may claim batches",
    "smsswitch_group_heartbeat_age_seconds": "Time since the host was last heard of",
    "smsswitch_campaigns": "Campaigns by state",
    "smsswitch_uploads": "Files of clients by state",
    "smsswitch_import_seconds": "From the registration of a contact file to its receipt, last hour",
    "smsswitch_imports_last_hour": "Contact files that were finished in the last hour",
    "smsswitch_work_seconds": "Duration of the last run of recurring work",
    "smsswitch_work_seconds_total": "Time spent in recurring work",
    "smsswitch_work_runs_total": "Runs of recurring work",
    "smsswitch_work_age_seconds": "Time since recurring work was last done",
    "smsswitch_alerts_open": "Open alerts by kind",
    "smsswitch_alert_messages_waiting": "News of alerts that nobody has taken yet",
    "smsswitch_spool_files": "Spooled files of exchanges by state",
}
Sample = tuple[str, Mapping[str, Any], float]


def metrics() -> str:
    """Every figure now, as Prometheus reads it."""
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("web/metrics"))
        return text(cur.fetchall())


def text(samples: Iterable[Sample]) -> str:
    """Samples, ordered by name, with the line that says what each name means."""
    lines: list[str] = []
    for name, rows in groupby(samples, key=lambda sample: sample[0]):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_labels(labels)} {float(value):.15g}" for _, labels, value in rows]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, Any]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(str(labels[key]))}"' for key in sorted(labels)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
