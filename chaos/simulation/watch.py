"""What must hold at each step of a history, and at its end."""

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chaos.simulation.scheduler import BEGAN
from chaos.simulation.tables import FINAL, WENT_OUT, Message
from sms_sender.pdu import PduError, Submit, decode_submit

if TYPE_CHECKING:
    from chaos.simulation.host import Host
    from chaos.simulation.world import World

_name_in = re.compile(r"#(\d+)#").search
AT_ONCE = 0.05
HEARTBEAT_AND_SEND = 20.0 + 15.0
CLOCKS_AGREE = 1.0
Part = tuple[int, int]


class Watch:
    """Collects what should not have been."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.violations: list[str] = []
        self.begun: Counter[Part] = Counter()
        self.accepted: Counter[Part] = Counter()

    def expect(self, holds: bool, what: str) -> None:
        """Note a violation."""
        if not holds:
            self.violations.append(f"{self.world.scheduler.now:.3f}: {what}")

    def payload(self, host: "Host", payload: str) -> None:
        """A PDU is about to be written: is all that must come before it on the disk?"""
        part = _part(payload)
        if part is None:
            self.expect(False, f"a Ctrl-Z without a PDU: {payload[:40]!r}")
            return
        self.begun[part] += 1
        self.world.note("begins", part)
        message = self.world.model.messages[part[0]]
        found = host.on_disk(
            "select begun_at, batch_id from attempt where message_id = ? and part = ?"
            " and kind is null order by row desc",
            *part,
        )
        self.expect(found is not None, f"{part} begun, its intent is not on the disk")
        self.expect(self.world.group_of(message) == host.group, f"{part} is another group's")
        self.expect(
            host.fenced_at is None or self.world.scheduler.now <= host.fenced_at + AT_ONCE,
            f"{part} begun by a host that knew that it was fenced",
        )
        if found is not None:
            began = datetime.fromisoformat(found[0]).timestamp() - BEGAN
            self._allowed(host, message, part, began, found[1])

    def submitted(self, imei: str, reference: int, submit: Submit) -> None:
        """The network took a part."""
        part = _of(submit)
        self.accepted[part] += 1
        self.world.note("accepted", (imei[-4:], reference, part))
        self.expect(self.accepted[part] <= self.begun[part], f"{part} went out, and nobody sent it")
        self.expect(self.accepted[part] == 1 or self.world.plan.resend, f"{part} went out again")

    def call(self, host: "Host", function: str, values: list[Any]) -> None:
        """The centre is told something: is it on the disk?"""
        if function != "report_results_v1":
            return
        for result in values[2]:
            identity, kind = result["attempt_id"], result["kind"]
            if kind in {"delivered", "undelivered"}:
                query = (
                    "select 1 from receipt as r join attempt as a on a.row = r.attempt_row"
                    " where a.attempt_id = ?"
                )
            else:
                query = "select 1 from attempt where attempt_id = ? and kind is not null"
            known = host.on_disk(query, identity)
            self.expect(known is not None, f"{kind} told before it was on the disk")

    def batch(self, host: "Host", answer: dict[str, Any]) -> None:
        """A host was given a batch."""
        for entry in answer.get("messages", ()):
            owner = self.world.group_of(self.world.model.messages[entry["message_id"]])
            self.expect(owner == host.group, "a host was given another group's message")

    def state(self, message: Message, state: str) -> None:
        """A message is about to change its state."""
        self.expect(
            message.state not in FINAL, f"message {message.message_id}: {message.state} → {state}"
        )

    def end(self) -> None:
        """All faults are over, and nothing is left to do: do both sides agree?"""
        model = self.world.model
        for message in model.messages.values():
            self.expect(
                message.state in FINAL | {"sent", "uncertain"},
                f"message {message.message_id} ends as {message.state}",
            )
        for part, segment in model.segments.items():
            if segment.state in WENT_OUT:
                self.expect(part in self.accepted, f"{part} told {segment.state}, never went out")
        for part in self.accepted:
            found = model.segments.get(part)
            state = None if found is None else found.state
            told = state in WENT_OUT | {"uncertain"} or self.world.plan.resend
            self.expect(told, f"{part} went out, told {state}")

    def _allowed(
        self, host: "Host", message: Message, part: Part, began: float, batch_id: int
    ) -> None:
        world = self.world
        told = host.revoked.get(batch_id)
        self.expect(told is None or began <= told + AT_ONCE, f"{part} begun, its batch was revoked")
        told = host.stopped.get(message.message_id)
        self.expect(
            told is None or began <= told + AT_ONCE, f"{part} begun, its number had opted out"
        )
        opted = world.opted_at.get(message.msisdn)
        if opted is not None:
            late = max(opted, host.troubled_at) + HEARTBEAT_AND_SEND
            self.expect(began <= late, f"{part} begun, its number opted out long before")
        if world.plan.revocation is not None and world.concerns(host):
            kind, begins, ends = world.plan.revocation
            if kind == "window":
                late = begins + CLOCKS_AGREE
            else:
                late = max(begins, host.troubled_at) + HEARTBEAT_AND_SEND
            self.expect(not late < began < ends, f"{part} begun outside its time ({kind})")
        batch = world.model.batches[batch_id]
        if batch.state == "leased" and message.batch_id == batch_id:
            open_parts = [
                number
                for number in range(1, message.segments + 1)
                for s in (world.model.segments.get((message.message_id, number)),)
                if s is None or s.state == "planned" or s.batch_id == batch_id
            ]
            # A late proof from an earlier lease may have closed it at the centre meanwhile.
            if part[1] in open_parts:
                seq = (message.first_seq or 0) + open_parts.index(part[1])
                self.expect(seq <= batch.permit_seq, f"{part} begun above the permit")


def _part(payload: str) -> Part | None:
    try:
        return _of(decode_submit(payload))
    except (PduError, ValueError):
        return None


def _of(submit: Submit) -> Part:
    found = _name_in(submit.text)
    return int(found[1]) if found else 0, submit.concat.part if submit.concat else 1
