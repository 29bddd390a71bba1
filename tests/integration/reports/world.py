"""A business database with a month of everything in it, written row by row from a seed."""

import json
import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg2.extras import execute_values

from tests.conftest import Database

MONTH = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
RTL = "שלום \u202eevil\u202c"
LONG = "Établissement " + "très " * 8
GROUPS = (
    ("64:31:50:1b:e9:e9", "machine 1", "started", NOW - timedelta(seconds=20)),
    ("e8:11:32:c9:ab:36", "notebook", "stopped", None),
    ("00:15:c5:b4:1c:8a", "porta_tony", "started", NOW - timedelta(minutes=9)),
    ("00:15:c5:b4:1c:8b", f"{HOSTILE}{RTL}", "draining", NOW),
)
FATES = ("delivered",) * 12 + ("sent", "sent", "undelivered", "failed", "uncertain")


class World:
    """Inserts rows; every choice comes from one seeded generator."""

    def __init__(self, db: Database, seed: int = 7) -> None:
        self.db = db
        self.random = random.Random(seed)
        self.phones = iter(range(10_000_000))

    def run(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        with self.db.conn.cursor() as cur:
            cur.execute(statement, params)
            return cur.fetchall() if cur.description else []

    def value(self, statement: str, *params: Any) -> Any:
        return self.run(statement, *params)[0][0]

    def many(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        with self.db.conn.cursor() as cur:
            execute_values(cur, f"insert into {table} ({columns}) values %s", rows, page_size=2000)

    def phone(self) -> str:
        return f"+3363998{next(self.phones):04d}"

    def client(self, code: str, name: str, credit: str = "358.78", lang: str = "fr") -> int:
        client_id: int = self.value(
            "insert into client (code, name, language) values (%s, %s, %s) returning client_id",
            code,
            name,
            lang,
        )
        if Decimal(credit):
            self.run(
                "insert into ledger_entry (client_id, kind, amount, note) values (%s, 'topup', %s, %s)",
                client_id,
                credit,
                "=1+1",
            )
        return client_id

    def fleet(self) -> None:
        for number, (mac, alias, state, beat) in enumerate(GROUPS):
            group = self.value(
                "insert into modem_group (mac, alias, modems, state, host_role, last_heartbeat) "
                "values (%s, %s, 2, %s, %s, %s) returning group_id",
                mac,
                alias,
                state,
                f"host_{number}",
                beat,
            )
            if state == "stopped":
                continue
            for modem in range(2):
                imei = f"35{number:06d}{modem:07d}"
                self.run(
                    "insert into modem (group_id, imei, operator, sim_state, rssi, in_service, "
                    "last_error, seen_at) values (%s, %s, 'orange', 'READY', %s, %s, %s, %s)",
                    group,
                    imei,
                    self.random.choice([None, 3, 9, 15, 22, 31]),
                    modem == 0 or number != 2,
                    None if modem else f"=cmd {HOSTILE}",
                    NOW,
                )
                samples = [
                    (group, imei, MONTH + timedelta(hours=h), self.random.randint(5, 30))
                    for h in range(0, 500, 3)
                ]
                self.run("select ensure_sample_months(%s)", MONTH)
                self.many("modem_sample", "group_id, imei, at, rssi", samples)

    def contact_list(self, client: int, name: str, size: int) -> int:
        upload = self.upload(client, f"{name}.xlsx", "loaded", MONTH + timedelta(days=1), {})
        list_id: int = self.value(
            "insert into contact_list (client_id, name, label) values (%s, %s, %s) returning list_id",
            client,
            name,
            f"{LONG}{RTL}",
        )
        rows = [(list_id, self.phone(), HOSTILE, upload, n + 2) for n in range(size)]
        self.many("contact", "list_id, msisdn, first_name, upload_id, row_number", rows)
        return list_id

    def upload(
        self,
        client: int,
        file: str,
        state: str,
        at: datetime,
        counts: dict[str, Any],
        *,
        reason: str | None = None,
        validation: Any = None,
    ) -> int:
        token = uuid.UUID(int=self.random.getrandbits(128)).hex
        upload_id: int = self.value(
            "insert into upload (import_id, client_id, kind, key, sha256, bytes, state, reason, "
            "list_name, in_inbox, counts, validation, created_at, updated_at) values "
            "(%s, %s, 'contacts', %s, %s, %s, %s, %s, 'liste', false, %s, %s, %s, %s) "
            "returning upload_id",
            f"imp_{token[:20]}",
            client,
            f"clients/x/inbox/contacts/{file}",
            token * 2,
            self.random.randint(10, 9_999_999),
            state,
            reason,
            json.dumps(counts),
            None if validation is None else json.dumps(validation),
            at,
            at,
        )
        return upload_id

    def campaign(
        self,
        client: int,
        name: str,
        list_id: int,
        state: str,
        at: datetime,
        text: str = "Bonjour {first_name}",
    ) -> int:
        """A campaign and, unless it is only quoted, a message for each contact of the list."""
        month = at.replace(day=1).date()
        active = state not in ("quoted", "draft")
        campaign: int = self.value(
            "insert into campaign (client_id, name, list_id, state, purpose, spec, "
            "activation_month, activated_at, created_at) "
            "values (%s, %s, %s, %s, 'transactional', %s, %s, %s, %s) returning campaign_id",
            client,
            name,
            list_id,
            state,
            json.dumps({"message": text}),
            month if active else None,
            at if active else None,
            at,
        )
        if active:
            self.run("select ensure_message_partitions(%s)", month)
            self._messages(campaign, list_id, month, at, text)
        return campaign

    def _messages(self, campaign: int, list_id: int, month: Any, at: datetime, text: str) -> None:
        modems = self.run("select group_id, imei from modem order by 1, 2")
        batches = {group: self._batch(campaign, group, month) for group, _ in modems}
        contacts = self.run("select contact_id, msisdn from contact where list_id = %s", list_id)
        messages, segments = [], []
        for number, (contact, phone) in enumerate(contacts):
            message_id = campaign * 1_000_000 + number
            parts = self.random.choice((1, 1, 1, 2, 3))
            when = at + timedelta(minutes=self.random.randint(1, 600))
            group, imei = self.random.choice(modems)
            state, reason, kinds = self._fate(parts)
            for part, kind in enumerate(kinds, 1):
                submitted = when if kind in ("sent", "delivered", "undelivered") else None
                attempt = str(uuid.UUID(int=self.random.getrandbits(128)))
                segments.append(
                    (month, message_id, part, kind, group, batches[group], attempt, imei,
                     submitted, when)
                )  # fmt: skip
            sent = when if state in ("sent", "delivered", "undelivered") else None
            batch = None if state in ("skipped",) else batches[group]
            messages.append(
                (month, message_id, campaign, contact, phone, text, parts, parts * Decimal("0.0450"),
                 state, reason, batch, sent)
            )  # fmt: skip
        self.many(
            "message",
            "activation_month, message_id, campaign_id, contact_id, msisdn, text, segments, price, "
            "state, reason, batch_id, sent_at",
            messages,
        )
        self.many(
            "segment",
            "activation_month, message_id, part, state, group_id, batch_id, attempt_id, imei, "
            "submitted_at, updated_at",
            segments,
        )

    def drop_messages(self, campaign: str) -> None:
        """As retention does with a month: what is left of its messages are their counts."""
        self.run(
            "insert into campaign_archive (campaign_id, state, reason, messages, segments, price) "
            "select campaign_id, m.state, m.reason, count(*), sum(segments), sum(price) "
            "from message as m join campaign as c using (campaign_id) where c.name = %s "
            "group by 1, 2, 3",
            campaign,
        )
        self.run(
            "delete from message where campaign_id = "
            "(select campaign_id from campaign where name = %s)",
            campaign,
        )

    def _fate(self, parts: int) -> tuple[str, str | None, list[str]]:
        roll = self.random.random()
        if roll < 0.06:
            return "skipped", "opted_out", []
        if roll < 0.12:
            return "planned", None, []
        kinds = [self.random.choice(FATES) for _ in range(parts)]
        for state in ("failed", "uncertain", "undelivered", "sent"):
            if state in kinds:
                reason = f"=HYPERLINK {HOSTILE}" if state == "failed" else None
                return state, reason, kinds
        return "delivered", None, kinds

    def _batch(self, campaign: int, group: int, month: Any) -> int:
        batch: int = self.value(
            "insert into send_batch (activation_month, campaign_id, group_id, messages, segments) "
            "values (%s, %s, %s, 1, 1) returning batch_id",
            month,
            campaign,
            group,
        )
        return batch

    def imports(self, client: int) -> None:
        """Files of every outcome, with results as Great Expectations writes them."""
        states = ("loaded", "loaded", "loaded", "quarantined", "awaiting_mapping", "rejected")
        for day in range(1, 29):
            state = self.random.choice(states)
            rows = self.random.randint(0, 5000)
            bad = {code: self.random.randint(0, 40) for code in ("invalid_phone", "not_mobile")}
            bad |= {"opted_out": 0, f"x{day % 2}_new_code": 1}
            refused = sum(bad.values())
            counts = {
                "rows": rows + refused, "loaded": rows // 2, "updated": rows // 4,
                "unchanged": rows - rows // 2 - rows // 4, "duplicates": day, "blocklisted": 2,
                "rejected": refused, "rejected_by": bad,
            }  # fmt: skip
            reason = "empty_file" if state == "quarantined" else None
            self.upload(
                client,
                f"=base {day} {HOSTILE}.xlsx",
                state,
                MONTH + timedelta(days=day, hours=3),
                counts if state == "loaded" else {},
                reason=reason,
                validation=self._validation(rows) if state == "loaded" else None,
            )

    def _validation(self, rows: int) -> dict[str, Any]:
        def result(kind: str, column: str, unexpected: int) -> dict[str, Any]:
            return {
                "success": unexpected == 0,
                "expectation_config": {"type": kind, "kwargs": {"column": column}},
                "result": {
                    "element_count": rows,
                    "unexpected_count": unexpected,
                    "partial_unexpected_list": [HOSTILE],
                },
            }

        bad = self.random.choice((0, 0, 3, 11))
        return {
            "success": bad == 0,
            "results": [
                result("expect_column_values_to_match_regex", "msisdn", bad),
                result("expect_column_values_to_be_unique", "msisdn", 0),
                result("expect_column_value_lengths_to_be_between", "first_name", bad // 3),
            ],
        }

    def calls(self, count: int = 400) -> None:
        """Tickets as a layout would have brought them, priced or not."""
        names = {
            "chargednumber": "text", "chargedusername": "text", "chargedcostcenter": "text",
            "chargedcompany": "text", "calltype": "bigint", "duration": "bigint",
            "startdatetime": "timestamp", "callednumber": "text", "ticketversion": "text",
        }  # fmt: skip
        self.run("select drop_ticket_views()")
        for name, kind in names.items():
            self.run(f"alter table taxdata add column {name} {kind}")
        self.run("select create_ticket_views()")
        self.run("insert into pbx (code) values ('siege')")
        self.run(
            "insert into spooled_file (pbx, name, size, sha256, state, raw_key, tickets) "
            "values ('siege', 'TAXAAAAA.DAT', 1, repeat('a', 64), 'loaded', 'x', %s)",
            count,
        )
        self.run(
            "insert into tariff (code, valid_from, version, currency, document, sha256) "
            "values ('default', '2020-01-01', 1, 'EUR', '{}', 'x')"
        )
        tickets, rated = [], []
        for line in range(1, count + 1):
            ticket = 100_000_000 + line
            user = self.random.randint(0, 12)
            start = datetime(2026, 10, 28) + timedelta(minutes=self.random.randint(0, 40 * 1440))
            tickets.append(
                (ticket, 1, line, str(uuid.UUID(int=line // 2 if line % 50 == 1 else line + 9000)),
                 False, f"{3000 + user}", f"{HOSTILE} {user}", self.random.choice(["", "12", "30", "255"])
                 or None, self.random.choice(["=ACME", RTL]), self.random.choice([0, 0, 0, 3, 4]),
                 self.random.randint(0, 4000), start, "0639980000", "5.1")
            )  # fmt: skip
            if line % 9:
                cost = None if line % 7 == 0 else Decimal(self.random.randint(0, 90000)) / 10000
                reason = None if cost is not None else "no_rate"
                rated.append((ticket, 1, cost, "EUR", reason, "{}"))
        head = "ticket_id, file_id, line_number, content_digest, ambiguous_time"
        fields = "chargednumber, chargedusername, chargedcostcenter, chargedcompany, calltype"
        rest = "duration, startdatetime, callednumber, ticketversion"
        self.many("taxdata", f"{head}, {fields}, {rest}", tickets)
        self.many(
            "rated_ticket", "ticket_id, tariff_id, cost, currency, reason, explanation", rated
        )
        self.many("duplicate_ticket", "ticket_id", [(100_000_000 + n,) for n in (5, 17, 201)])

    def everything(self) -> None:
        """The whole month."""
        self.fleet()
        dupont = self.client("dupont", f"Dupont & {HOSTILE}")
        clinic = self.client("clinic", f"{LONG}{RTL}", "5", "en")
        clients = self.contact_list(dupont, "clients", 300)
        patients = self.contact_list(clinic, "patients", 120)
        at = MONTH + timedelta(days=5, hours=8)
        self.campaign(
            dupont, "promo-noel", clients, "sending", at, f"{HOSTILE} {RTL} {{first_name}}"
        )
        self.campaign(dupont, "octobre", clients, "completed", at - timedelta(days=20))
        self.campaign(dupont, "devis", clients, "quoted", at + timedelta(days=2))
        self.campaign(clinic, "rappel", patients, "completed", at + timedelta(days=9))
        self.campaign(
            clinic, "fin-de-mois", patients, "completed", MONTH + timedelta(days=29, hours=18)
        )
        self.imports(dupont)
        self.calls()
