"""The rivals of P1 made to do what an import does: no figure is asked of this, it says what is compared.

Numbers of each row read by phonenumbers, refused rows in a file, doubles left out, contacts in a table
with the key of ours. No gate, no limits, no mapping, no receipt, no history, no validation of the whole.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import phonenumbers
import sqlalchemy
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from benchmarks import contact_files
from include.db import connect

_OWN = tuple(contact_files.PREFIXES.split())
_FIELDS = ("first_name", "last_name", "variable1", "variable2")
_TABLE = """
drop table if exists same_job;
create table same_job (
  list_id bigint not null,
  msisdn text not null check (msisdn ~ '^\\+[1-9][0-9]{6,14}$'),
  first_name text, last_name text, variable1 text, variable2 text,
  row_number integer not null,
  primary key (list_id, msisdn)
)
"""


def sides(
    url: str, file: Path, seed_rows: int, pandas_rows: int
) -> dict[str, tuple[Callable[[], None], Callable[[], None]]]:
    """What is made ready and what is measured, for row inserts and for pandas."""
    refused = file.with_name("refused.csv")
    return {
        "seed": (_make_table, lambda: _row_by_row(seed_rows, refused)),
        "pandas": (_make_table, lambda: _by_pandas(url, file, pandas_rows, refused)),
    }


def _make_table() -> None:
    with connect(role=None) as conn:
        conn.cursor().execute(_TABLE)


def normal(written: Any) -> str | None:
    """E.164 of a mobile of France, own prefixes among them, by the library alone."""
    try:
        number = phonenumbers.parse(str(written), "FR")
    except NumberParseException:
        return None
    text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    own = text.startswith(_OWN) and len(text) == 12
    if own or phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
        return text
    return None


def _row_by_row(rows: int, refused: Path) -> None:
    """A look-up and an insert for each row, each its own transaction, as the scripts of 2012 did."""
    with (
        refused.open("w", encoding="utf-8", newline="") as file,
        connect(role=None, autocommit=True) as conn,
        conn.cursor() as cur,
    ):
        bad = csv.writer(file, delimiter=";")
        for place, (phone, *texts) in enumerate(_some(rows), 2):
            number = normal(phone)
            if number is not None:
                cur.execute("select from same_job where list_id = 1 and msisdn = %s", (number,))
            if number is None or cur.fetchone() is not None:
                bad.writerow([phone, *texts, place])
                continue
            cur.execute(
                "insert into same_job values (1, %s, %s, %s, %s, %s, %s)", (number, *texts, place)
            )


def _some(rows: int) -> Iterator[tuple[str, ...]]:
    yield from contact_files.rows(rows)


def _by_pandas(url: str, file: Path, rows: int, refused: Path) -> None:
    table = pd.read_csv(file, sep=";", dtype=str, nrows=rows)
    table.columns = pd.Index(["phone", *_FIELDS])
    table.index += 2  # as Excel counts
    table["msisdn"] = table["phone"].map(normal)
    good = table.dropna(subset="msisdn").drop_duplicates("msisdn")
    table.drop(good.index).to_csv(refused, sep=";", index_label="row_number")
    good = good.drop(columns="phone").assign(list_id=1, row_number=good.index)
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    good.to_sql("same_job", engine, index=False, chunksize=10_000, if_exists="append")
    engine.dispose()
