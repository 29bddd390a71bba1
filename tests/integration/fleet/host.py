"""A modem host as the centre sees it: its own login, the five functions, no modem."""

import json
import uuid
from contextlib import closing
from typing import Any

import psycopg2

IMEI = "356938035643809"


class Host:
    """What the sender would call, by hand."""

    def __init__(self, url: str, mac: str) -> None:
        self.url = url
        self.mac = mac
        self.journal = str(uuid.uuid4())
        self.epoch = 0

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function of the contract in a session of its own."""
        places = ", ".join(["%s"] * len(arguments))
        with closing(psycopg2.connect(self.url)) as conn, conn, conn.cursor() as cur:
            cur.execute(f"select api.{function}({places})", arguments)
            row = cur.fetchone()
            assert row is not None
            return row[0]

    def register(self) -> Any:
        """Say who it is."""
        answer = self.call("register_host_v1", self.mac, self.journal, "boot", "{}")
        self.epoch = answer["epoch"]
        return answer

    def heartbeat(self, modems: int = 1, *, in_service: bool = True) -> Any:
        """Say how it is."""
        status = {
            "modems": [
                {"imei": str(int(IMEI) + n), "rssi": 20, "in_service": in_service}
                for n in range(modems)
            ],
            "batches": [],
        }
        return self.call("heartbeat_v1", self.epoch, self.journal, json.dumps(status))

    def claim(self) -> Any:
        """Ask for a batch."""
        return self.call("claim_batch_v1", self.epoch, self.journal, str(uuid.uuid4()))

    def report(
        self,
        batch: Any,
        kind: str,
        *,
        only: slice = slice(None),
        parts: int | None = None,
        attempt: str | None = None,
    ) -> Any:
        """Report every part of some messages of a batch."""
        results = [
            {
                "batch_id": batch["batch"],
                "message_id": message["message_id"],
                "part": part,
                "attempt_id": attempt or str(uuid.uuid5(uuid.NAMESPACE_OID, f"{message}{part}")),
                "kind": kind,
                "imei": IMEI,
                "reference": 7,
            }
            for message in batch["messages"][only]
            for part in range(1, (parts or message["segments"]) + 1)
        ]
        return self.call("report_results_v1", self.epoch, self.journal, json.dumps(results))
