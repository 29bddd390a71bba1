"""What a client's messages cost, by the tariff in force."""

from datetime import date
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from include.billing.model import Tariff
from include.billing.price import sms_price
from include.billing.tariff import current


class Prices:
    """The prices of one tariff. Two numbers that begin with the same ``digits`` cost the same."""

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self.digits = 1 + tariff.longest_prefix  # the + comes first

    def of(self, msisdn: str, parts: int) -> Decimal:
        """EUR net of VAT for one message of so many parts, to four decimals."""
        return Decimal(sms_price(self._tariff, msisdn, parts)).quantize(Decimal("0.0001"))


def prices(conn: Connection, tariff: str, on: date) -> Prices:
    """The prices of the tariff of that name on a day; billing's error if there is none."""
    return Prices(current(conn, tariff, on))
