"""The hosts' functions as a host calls them, for tests."""

import json
import uuid
from typing import Any

import psycopg2
import pytest

from tests.integration.sender.hosts import Host, call

JOURNAL = str(uuid.UUID(int=1))
OTHER_JOURNAL = str(uuid.UUID(int=2))


def register(host: Host, journal: str = JOURNAL) -> dict[str, Any]:
    found = call(
        host, "select api.register_host_v1(%s, %s, 'boot', '{\"name\": \"pc\"}')", host.mac, journal
    )
    assert isinstance(found, dict)
    return found


def claim(
    host: Host, epoch: int = 1, journal: str = JOURNAL, token: str | None = None
) -> dict[str, Any]:
    found = call(
        host, "select api.claim_batch_v1(%s, %s, %s)", epoch, journal, token or str(uuid.uuid4())
    )
    assert isinstance(found, dict)
    return found


def report(host: Host, *results: dict[str, Any], epoch: int = 1) -> dict[str, Any]:
    found = call(
        host, "select api.report_results_v1(%s, %s, %s)", epoch, JOURNAL, json.dumps(results)
    )
    assert isinstance(found, dict)
    return found


def heartbeat(host: Host, epoch: int = 1, **status: Any) -> dict[str, Any]:
    found = call(host, "select api.heartbeat_v1(%s, %s, %s)", epoch, JOURNAL, json.dumps(status))
    assert isinstance(found, dict)
    return found


def result(
    batch: dict[str, Any],
    index: int,
    kind: str,
    *,
    part: int = 1,
    attempt: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    message_id = batch["messages"][index]["message_id"]
    identity = (
        uuid.UUID(int=attempt) if attempt is not None else uuid.UUID(int=message_id * 10 + part)
    )
    return {
        "batch_id": batch["batch"],
        "message_id": message_id,
        "part": part,
        "attempt_id": str(identity),
        "kind": kind,
        **more,
    }


def code(error: pytest.ExceptionInfo[psycopg2.Error]) -> str | None:
    return error.value.pgcode
