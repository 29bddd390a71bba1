"""A month of SMS and calls, and what is in it counted row by row, apart from the code under test."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.db import sql
from include.operations.settings import apply
from tests.integration.reports.world import HOSTILE, LONG, MONTH, World

PARIS = ZoneInfo("Europe/Paris")
NOVEMBER = date(2026, 11, 1)
DECEMBER = date(2026, 12, 1)
AFTER = datetime(2026, 12, 1, 4, tzinfo=UTC)
TAKEN = ("sent", "delivered", "undelivered")
COMPANY = {
    "name": "Exemple Télécom", "legal_form": "SARL", "capital": "10 000 €", "street": "1 rue Neuve",
    "postcode": "75002", "city": "Paris", "siren": "732829320", "rcs": "RCS Paris",
    "vat_number": "FR44732829320", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP",
}  # fmt: skip
Key = tuple[str, str, str]


class Month(World):
    """Rows of two months, most of them in November."""

    def consume(self) -> None:
        self.company(COMPANY)
        self.fleet()
        dupont = self.client("dupont", f"Dupont & {HOSTILE}")
        clinic = self.client("clinic", LONG, "50", "en")
        people = self.contact_list(dupont, "clients", 60)
        patients = self.contact_list(clinic, "patients", 20)
        at = MONTH + timedelta(days=5, hours=8)
        self.campaign(dupont, "promo-noel", people, "completed", at)
        self.campaign(dupont, "octobre", people, "completed", at - timedelta(days=20))
        # Its last messages go out after midnight, Paris time.
        self.campaign(
            dupont, "fin-de-mois", people, "completed", MONTH + timedelta(days=29, hours=18)
        )
        self.campaign(clinic, "rappel", patients, "completed", at)
        self.calls(300)
        self.run("update pbx set client_id = %s", dupont)
        self.settle()
        self.identify("dupont", f"Dupont & Fils {HOSTILE}", "552100554")
        self.identify("clinic", "The Clinic", "443061841")

    def company(self, document: dict[str, Any]) -> None:
        apply(json.dumps({"version": 1, "company": document}), by="test")

    def identify(self, code: str, name: str, siren: str) -> None:
        self.run(
            "insert into client_identity (client_id, legal_name, siren, address, postcode, city) "
            "select client_id, %s, %s, '12 avenue du Parc', '69001', 'Lyon' from client where code = %s",
            name,
            siren,
            code,
        )

    def long_ago(self) -> None:
        """Every message in March 2024: a month that is over whatever the clock says."""
        self.run("select ensure_message_partitions('2024-03-01')")
        self.run(
            "update message set activation_month = '2024-03-01', sent_at = '2024-03-05 12:00Z'"
        )

    def settle(self) -> None:
        """Captured and released, as fleet_monitor does."""
        self.run(sql("fleet/settle_messages"))

    def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        with self.db.conn.cursor() as cur:
            cur.execute(query, params)
            names = [column.name for column in cur.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]

    def expected(self, code: str, month: str) -> dict[Key, tuple[Decimal, Decimal]]:
        """(kind, month, item) -> quantity and exact amount, counted one by one."""
        found: dict[Key, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in self._sms(code) + self._calls(code):
            if f"{row['day']:%Y-%m}" == month and row["amount"]:
                sums = found[row["kind"], month, row["item"]]
                sums[0] += row["quantity"]
                sums[1] += row["amount"]
        return {key: (quantity, amount) for key, (quantity, amount) in found.items()}

    def _sms(self, code: str) -> list[dict[str, Any]]:
        parts: dict[int, int] = defaultdict(int)
        for row in self.rows("select message_id, state::text from segment"):
            parts[row["message_id"]] += row["state"] in TAKEN
        messages = self.rows(
            "select m.*, m.state::text as fate, c.name from message m join campaign c using (campaign_id) "
            "join client k on k.client_id = c.client_id where k.code = %s and m.settled",
            code,
        )
        return [
            {
                "kind": "sms",
                "item": row["name"],
                "day": row["sent_at"].astimezone(PARIS) if row["sent_at"] else row["activation_month"],
                "quantity": Decimal(taken),
                "amount": (row["price"] * taken / row["segments"]).quantize(
                    Decimal("0.0001"), ROUND_HALF_UP
                ),
            }
            for row in messages
            if row["segments"]
            for taken in [
                row["segments"] if row["fate"] in TAKEN else parts[row["message_id"]]
            ]
        ]  # fmt: skip

    def _calls(self, code: str) -> list[dict[str, Any]]:
        hidden = {row["ticket_id"] for row in self.rows("select ticket_id from duplicate_ticket")}
        if code != "dupont":
            return []
        costs = {
            row["ticket_id"]: row["cost"]
            for row in self.rows("select * from rated_ticket where not superseded")
        }
        return [
            {
                "kind": "calls",
                "item": {None: "", "255": ""}.get(
                    row["chargedcostcenter"], row["chargedcostcenter"]
                ),
                "day": row["startdatetime"],
                "quantity": Decimal(1),
                "amount": costs.get(row["ticket_id"]),
            }
            for row in self.rows("select * from taxdata")
            if row["ticket_id"] not in hidden
        ]


def half_up(amount: Decimal) -> Decimal:
    """To cents."""
    return Decimal(int(abs(amount) * 100 + Decimal("0.5"))).scaleb(-2) * (1 if amount >= 0 else -1)
