"""A model of the five functions a host calls, rule by rule as include/sql/functions has them.

tests/integration/sender/test_model.py holds it against PostgreSQL, by random calls.
"""

from datetime import UTC, datetime

from chaos.simulation.stop_words import stop_word
from chaos.simulation.store import Store
from chaos.simulation.tables import (
    GONE,
    Batch,
    Group,
    Json,
    Segment,
    SqlError,
    check_results,
    conflicts,
    is_leased,
    is_number,
    moves_to,
)


class Model(Store):
    """The functions that a host calls; `group` stands for session_user."""

    def register_host_v1(
        self, group: int, mac: str, journal: str, boot_id: str, host: Json
    ) -> Json:
        """See docs/host-protocol.md."""
        del boot_id, host
        own = self._own(group)
        if own.mac != mac:
            raise SqlError("P0002", GONE)
        own.epoch += 1
        permits = self._renew_permits(own, journal)
        leases = [b for b in self.batches.values() if is_leased(b, own, journal)]
        leases.sort(key=lambda b: (b.leased_at, b.batch_id))
        return {
            "group_id": group,
            "alias": own.alias,
            "state": own.state,
            "epoch": own.epoch,
            "channel": f"host_{group}",
            "rate_limit": own.rate_limit,
            "heartbeat_seconds": 20,
            "server_time": self._server_time(),
            "permits": permits,
            "reconcile": False,
            "leases": [b.batch_id for b in leases],
        }

    def claim_batch_v1(self, group: int, epoch: int, journal: str, token: str) -> Json:
        """See docs/host-protocol.md."""
        own = self._own_now(group, epoch)
        for batch in self.batches.values():
            if batch.group_id == group and batch.token == token:
                if batch.journal != journal:
                    raise SqlError("P0002", GONE)
                return self._document(batch, own)
        if own.state != "started":
            return {"batch": None, "reason": f"group_{own.state}"}
        if sum(is_leased(b, own, journal) for b in self.batches.values()) >= 2:
            return {"batch": None, "reason": "lease_limit"}
        while True:
            found = self._next_batch(own)
            if found is None:
                return {"batch": None, "reason": "nothing"}
            if self._lease(found):
                break
            found.state = "returned"
        self._leases += 1
        found.state, found.token, found.journal = "leased", token, journal
        found.leased_at = self._leases
        self._renew_permits(own, journal)
        return self._document(found, own)

    def report_results_v1(self, group: int, epoch: int, journal: str, results: list[Json]) -> Json:
        """See docs/host-protocol.md."""
        own = self._own(group)
        check_results(results)
        known = [r for r in results if self._given(group, r) is not None]
        if len(known) < len(results):
            raise SqlError("P0002", GONE)
        conflicts = 0
        rounds: dict[tuple[int, int, int], list[Json]] = {}
        for result in results:
            key = (result["batch_id"], result["message_id"], result["part"])
            rounds.setdefault(key, []).append(result)
        for number in range(max(map(len, rounds.values()), default=0)):
            some = [reports[number] for reports in rounds.values() if len(reports) > number]
            conflicts += self._take(own, epoch, some)
        for batch in self.batches.values():
            if batch.group_id == group and self._is_over(batch):
                back = any(self.messages[m].batch_id != batch.batch_id for m in batch.leased)
                batch.state = "returned" if back else "done"
        fenced = epoch != own.epoch
        return {
            "accepted": len(results),
            "conflicts": conflicts,
            "fenced": fenced,
            "permits": {} if fenced else self._renew_permits(own, journal),
        }

    def heartbeat_v1(self, group: int, epoch: int, journal: str, status: Json) -> Json:
        """See docs/host-protocol.md."""
        own = self._own_now(group, epoch)
        if status.get("host_time"):
            told = datetime.fromisoformat(status["host_time"]).timestamp()
            own.clock_skew = self.clock() - told
        held: list[int] = status.get("batches") or []
        return {
            "state": own.state,
            "rate_limit": own.rate_limit,
            "server_time": self._server_time(),
            "permits": self._renew_permits(own, journal),
            "work": own.state == "started"
            and any(
                b.group_id == group and b.state == "planned" and not b.revoked
                for b in self.batches.values()
            ),
            "revoked": [b for b in held if self._is_revoked_for(b, own, journal)],
            "revoked_messages": sorted(
                m.message_id
                for m in self.messages.values()
                if m.batch_id is not None
                and is_leased(self.batches[m.batch_id], own, journal)
                and (
                    self._has_opted_out(m)
                    if m.state == "leased"
                    else not any(
                        s is not None and s.batch_id == m.batch_id
                        for s in self._segments_of(m.message_id, m.segments)
                    )
                )
            ),
        }

    def report_inbound_v1(self, group: int, epoch: int, journal: str, messages: list[Json]) -> Json:
        """See docs/host-protocol.md."""
        del epoch
        self._own(group)
        fresh, stopped = 0, set()
        for message in messages:
            key = (group, journal, message["host_key"])
            if key in self.inbound:
                continue
            self.inbound.add(key)
            fresh += 1
            sender = message["sender"]
            if stop_word(message["text"]) == "opt_out" and is_number(sender):
                if (sender, None) not in self.opted_out:
                    stopped.add(sender)
                self.opted_out.add((sender, None))
        return {"accepted": fresh, "opted_out": len(stopped)}

    def _own(self, group: int) -> Group:
        if group not in self.groups:
            raise SqlError("P0002", GONE)
        return self.groups[group]

    def _own_now(self, group: int, epoch: int) -> Group:
        own = self._own(group)
        if epoch != own.epoch:
            raise SqlError("SM409", f"epoch {epoch} is over")
        return own

    def _server_time(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()

    def _next_batch(self, own: Group) -> Batch | None:
        now = self.clock()
        fit = [
            (c.purpose == "marketing", b.batch_id, b)
            for b in self.batches.values()
            if b.group_id == own.group_id and b.state == "planned" and not b.revoked
            for c in (self.campaigns[b.campaign_id],)
            if c.state == "sending"
            and (c.expire_at is None or c.expire_at > now)
            and (c.window_from is None or c.window_from <= now)
            and (c.window_until is None or c.window_until > now)
            and (c.purpose != "marketing" or abs(own.clock_skew or 0.0) <= 30)
        ]
        return min(fit)[2] if fit else None

    def _lease(self, batch: Batch) -> bool:
        mine = [
            m
            for m in self.messages.values()
            if m.batch_id == batch.batch_id and m.state == "planned"
        ]
        for message in mine:
            if self._has_opted_out(message):
                self._set(message, "skipped")
                message.batch_id = message.first_seq = None
        seq, batch.leased = 1, []
        for message in sorted(mine, key=lambda m: m.message_id):
            if message.state != "planned":
                continue
            done = sum(
                s.state != "planned"
                for s in self._segments_of(message.message_id, message.segments)
                if s is not None
            )
            self._set(message, "leased")
            message.first_seq = seq
            seq += message.segments - done
            batch.leased.append(message.message_id)
        batch.leased_segments = seq - 1
        return batch.leased_segments > 0

    def _renew_permits(self, own: Group, journal: str) -> Json:
        leases = [b for b in self.batches.values() if is_leased(b, own, journal)]
        leases.sort(key=lambda b: (b.leased_at, b.batch_id))
        before, permits = 0, {}
        for batch in leases:
            unreported = batch.leased_segments - batch.reported
            k = own.permit_per_modem
            most = 1_000_000 if k is None else k * own.modems
            wanted = batch.reported + min(unreported, max(most - before, 0))
            batch.permit_seq = max(batch.permit_seq, wanted)
            permits[str(batch.batch_id)] = batch.permit_seq
            before += unreported
        return permits

    def _is_revoked(self, batch: Batch, group_state: str) -> bool:
        campaign, now = self.campaigns[batch.campaign_id], self.clock()
        return (
            batch.state != "leased"
            or batch.revoked
            or group_state == "stopped"
            or campaign.state != "sending"
            or (campaign.expire_at is not None and campaign.expire_at <= now)
            or (campaign.window_until is not None and campaign.window_until <= now)
        )

    def _is_revoked_for(self, number: int, own: Group, journal: str) -> bool:
        batch = self.batches.get(number)
        return (
            batch is None
            or batch.group_id != own.group_id
            or batch.journal != journal
            or self._is_revoked(batch, own.state)
        )

    def _document(self, batch: Batch, own: Group) -> Json:
        campaign = self.campaigns[batch.campaign_id]
        ends = [t for t in (campaign.expire_at, campaign.window_until) if t is not None]
        mine = [self.messages[m] for m in batch.leased]
        return {
            "batch": batch.batch_id,
            "state": batch.state,
            "revoked": self._is_revoked(batch, own.state),
            "segments": batch.leased_segments,
            "permit_seq": batch.permit_seq,
            "not_after": datetime.fromtimestamp(min(ends), UTC).isoformat() if ends else None,
            "messages": [
                {
                    "message_id": m.message_id,
                    "seq": m.first_seq,
                    "msisdn": m.msisdn,
                    "text": m.text,
                    "encoding": "gsm7",
                    "segments": m.segments,
                    "parts_done": [
                        part
                        for part, s in enumerate(self._segments_of(m.message_id, m.segments), 1)
                        if s is not None and s.batch_id != batch.batch_id and s.state != "planned"
                    ],
                    "parts_told": [
                        part
                        for part, s in enumerate(self._segments_of(m.message_id, m.segments), 1)
                        if s is not None and s.batch_id == batch.batch_id
                    ],
                }
                for m in sorted(mine, key=lambda m: m.first_seq or 0)
                if m.batch_id == batch.batch_id
            ],
        }

    def _given(self, group: int, result: Json) -> Batch | None:
        batch = self.batches.get(result["batch_id"])
        if batch is None or batch.group_id != group or result["message_id"] not in batch.leased:
            return None
        message = self.messages[result["message_id"]]
        return batch if 1 <= result["part"] <= message.segments else None

    def _take(self, own: Group, epoch: int, results: list[Json]) -> int:
        """One round: no part is among `results` twice, as in take_results()."""
        facts, conflicts = [self._fact(own, result) for result in results], 0
        moved: set[int] = set()
        to_retry: set[int] = set()
        for result, (batch, first, next_state, conflict) in zip(results, facts, strict=True):
            number, part = result["message_id"], result["part"]
            key = (number, part, result["attempt_id"], result["kind"])
            if key in self.attempts:
                continue
            self.attempts[key] = {"batch": batch.batch_id, "epoch": epoch, "conflict": conflict}
            conflicts += conflict
            if next_state is not None:
                self.segments[number, part] = Segment(
                    next_state, batch.batch_id, result["attempt_id"], result.get("error")
                )
                moved.add(number)
                if next_state == "planned" and result["kind"] in {"retryable", "uncertain"}:
                    to_retry.add(number)
            if first and result["kind"] not in {"delivered", "undelivered"}:
                batch.reported = min(batch.reported + 1, batch.leased_segments)
        self._settle(moved, to_retry)
        return conflicts

    def _fact(self, own: Group, result: Json) -> tuple[Batch, bool, str | None, bool]:
        batch = self._given(own.group_id, result)
        assert batch is not None
        number, part, kind = result["message_id"], result["part"], result["kind"]
        message, old = self.messages[number], self.segments.get((number, part))
        mine = old is not None and old.attempt_id == result["attempt_id"]
        first = old is None or not any(
            row["batch"] == batch.batch_id
            for (n, p, _, k), row in self.attempts.items()
            if (n, p) == (number, part) and k not in {"delivered", "undelivered"}
        )
        current = (
            batch.state == "leased"
            and message.batch_id == batch.batch_id
            and message.state == "leased"
        )
        resend = self.campaigns[batch.campaign_id].on_uncertain == "resend"
        state = None if old is None else old.state
        moves = moves_to(state, kind, mine, current, kind == "uncertain" and resend)
        return batch, first, moves, conflicts(message.state, state, kind, mine, moves)

    def _is_over(self, batch: Batch) -> bool:
        return (
            batch.state == "leased"
            and batch.reported >= batch.leased_segments
            and not any(
                self.messages[m].batch_id == batch.batch_id and self.messages[m].state == "leased"
                for m in batch.leased
            )
        )
