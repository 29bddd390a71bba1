"""What the centre keeps, and what it does with it by itself."""

from collections.abc import Callable

from chaos.simulation.tables import Batch, Campaign, Group, Json, Message, Segment


class Store:
    """The tables that concern a host. `clock` is the centre's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.groups: dict[int, Group] = {}
        self.campaigns: dict[int, Campaign] = {}
        self.batches: dict[int, Batch] = {}
        self.messages: dict[int, Message] = {}
        self.segments: dict[tuple[int, int], Segment] = {}
        self.attempts: dict[tuple[int, int, str, str], Json] = {}
        self.opted_out: set[tuple[str, int | None]] = set()
        self.inbound: set[tuple[int, str, str]] = set()
        self.on_state: Callable[[Message, str], None] = lambda message, state: None
        self._leases = 0

    def plan(self, campaign_id: int, group_id: int, message_ids: list[int]) -> Batch:
        """Put planned messages into a batch."""
        batch = Batch(len(self.batches) + 1, campaign_id, group_id)
        self.batches[batch.batch_id] = batch
        for number in message_ids:
            self.messages[number].batch_id = batch.batch_id
        return batch

    def condemn(self, group_id: int) -> None:
        """Give up what a host holds: condemn_group()."""
        for batch in self.batches.values():
            if batch.group_id != group_id or batch.state != "leased":
                continue
            numbers = [m for m in batch.leased if self.messages[m].batch_id == batch.batch_id]
            numbers = [m for m in numbers if self.messages[m].state == "leased"]
            for number in numbers:
                self._condemn_parts(self.messages[number], batch)
            self._settle(set(numbers), set())
            batch.state = "condemned"
        self.groups[group_id].epoch += 1

    def _settle(self, numbers: set[int], to_retry: set[int]) -> None:
        for number in sorted(numbers):
            message = self.messages[number]
            parts = [s for s in self._segments_of(number, message.segments) if s is not None]
            if message.state not in {"planned", "leased", "sent", "uncertain"} or not parts:
                continue
            message.attempts += number in to_retry
            self._set(message, self._judged(message, parts))
            if message.state in {"planned", "skipped"}:
                message.batch_id = message.first_seq = None

    def _judged(self, message: Message, parts: list[Segment]) -> str:
        states = {s.state for s in parts}
        settled = sum(s.state != "planned" or s.batch_id == message.batch_id for s in parts)
        to_come = message.segments - (settled if message.state == "leased" else len(parts))
        if "failed" in states:
            return "failed"
        if message.state == "leased" and to_come > 0:
            return "leased"
        for worst in ("uncertain", "written_off"):
            if worst in states:
                return worst
        if "planned" in states or len(parts) < message.segments:
            return self._planned_or_over(message)
        return next(s for s in ("undelivered", "sent", "delivered") if s in states)

    def _planned_or_over(self, message: Message) -> str:
        campaign = self.campaigns[message.campaign_id]
        if campaign.state in {"cancelled", "expired"}:
            return campaign.state
        if campaign.expire_at is not None and campaign.expire_at <= self.clock():
            return "expired"
        if message.attempts >= 5:
            return "failed"
        return "skipped" if self._has_opted_out(message) else "planned"

    def _segments_of(self, number: int, count: int) -> list[Segment | None]:
        return [self.segments.get((number, part)) for part in range(1, count + 1)]

    def _condemn_parts(self, message: Message, batch: Batch) -> None:
        resend = self.campaigns[batch.campaign_id].on_uncertain == "resend"
        seq = message.first_seq or 0
        for part, found in enumerate(self._segments_of(message.message_id, message.segments), 1):
            if not (found is None or found.state == "planned" or found.batch_id == batch.batch_id):
                continue
            if found is None or found.batch_id != batch.batch_id:
                free = resend or seq > batch.permit_seq
                self.segments[message.message_id, part] = Segment(
                    "planned" if free else "uncertain", batch.batch_id, "condemned", "condemned"
                )
            seq += 1

    def _has_opted_out(self, message: Message) -> bool:
        client = self.campaigns[message.campaign_id].client_id
        return bool(self.opted_out & {(message.msisdn, None), (message.msisdn, client)})

    def _set(self, message: Message, state: str) -> None:
        if state != message.state:
            self.on_state(message, state)
            message.state = state
