"""Whether one Airflow process of this container is alive, for the compose health checks.

``health.py api-server|scheduler|dag-processor|triggerer|worker``: exit status 0 only if that very
process has given a sign of life. Light on purpose (`airflow jobs check` costs six seconds of CPU).
"""

import json
import re
import socket
import sys
from pathlib import Path
from urllib.request import urlopen

JOBS = {
    "scheduler": "SchedulerJob",
    "dag-processor": "DagProcessorJob",
    "triggerer": "TriggererJob",
}
STALE_SECONDS = 60
QUERY = """
select extract(epoch from now() - max(latest_heartbeat)) from job
where job_type = %s and hostname = %s and state = 'running'
"""


def api_server(url: str = "http://127.0.0.1:8080") -> str | None:
    """What is wrong with the api-server and its database, or None."""
    with urlopen(f"{url}/api/v2/monitor/health", timeout=10) as answer:  # noqa: S310 - http, own host
        state = json.load(answer)["metadatabase"]["status"]
    return None if state == "healthy" else f"the metadata database is {state}"


def job(kind: str, database_url: str) -> str | None:
    """What is wrong with this container's job of that kind, or None: its heartbeat is fresh."""
    import psycopg2

    conn = psycopg2.connect(
        re.sub(r"^postgresql\+\w+:", "postgresql:", database_url), connect_timeout=5
    )
    try:
        with conn.cursor() as cur:
            cur.execute(QUERY, (kind, socket.gethostname()))
            row = cur.fetchone()
    finally:
        conn.close()
    age = row[0] if row else None
    if age is None:
        return f"no {kind} of {socket.gethostname()} is running"
    return None if age < STALE_SECONDS else f"the last heartbeat of {kind} is {age:.0f} s old"


def secret(name: str) -> str:
    """What the file of that secret holds."""
    return (Path("/run/secrets") / name).read_text(encoding="utf-8").strip()


def worker(broker_url: str) -> str | None:
    """What is wrong with this container's Celery worker, or None: it answers a ping."""
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    replies = Celery(broker=broker_url).control.ping(destination=[name], timeout=5)
    return None if replies else f"{name} does not answer"


def check(component: str) -> str | None:
    """What is wrong with that component, or None."""
    if component == "api-server":
        return api_server()
    if component == "worker":
        return worker(secret("airflow_broker_url"))
    return job(JOBS[component], secret("airflow_database_url"))


if __name__ == "__main__":
    try:
        wrong = check(sys.argv[1])
    except Exception as error:  # noqa: BLE001  whatever it is, one line of it is what people look for
        wrong = f"{type(error).__name__}: {error}"
    sys.exit(wrong)
