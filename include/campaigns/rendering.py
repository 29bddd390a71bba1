"""Every contact's text at once, in the database: what quotes count and expansion inserts."""

import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

from psycopg2 import sql as pgsql
from psycopg2.extensions import AsIs
from psycopg2.extensions import connection as Connection

from include.campaigns.pricing import Prices
from include.campaigns.spec import Spec, Text
from include.campaigns.template import FIXED, Part
from include.db import sql
from sms_sender.pdu.alphabet import BASIC, EXTENSION, outside_gsm7, transliterate
from sms_sender.pdu.segments import count_segments

TOO_MANY = 9  # more parts than any campaign may ask for


def render(conn: Connection, spec: Spec, client_id: int, list_id: int, prices: Prices) -> list[str]:
    """Make the temporary tables ``rendered`` and ``price`` of this transaction.

    Gives the characters that transliterating has replaced by a question mark.

    ``rendered`` has one row per contact of the list, with ``reason`` null for those to be sent;
    ``price`` has the price of each (beginning of a number, parts) among them.
    """
    with conn.cursor() as cur:
        cur.execute("drop table if exists rendered, price")
        cur.execute(
            sql("campaigns/render_contacts"),
            {
                "variant": AsIs(_choose(conn, spec.texts, names=True)),
                "text": AsIs(_choose(conn, spec.texts, names=False)),
                "choice": spec.encoding,
                "gsm7": _GSM7,
                "extension": _EXTENDED,
                "astral": "[\U00010000-\U0010ffff]",
                "client_id": client_id,
                "list_id": list_id,
            },
        )
    lost = _decide(conn, spec)
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/skip_long"), {"max_segments": spec.max_segments})
    _price(conn, prices)
    return lost


def _class(characters: Sequence[str]) -> str:
    return "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in characters)


_BASIC_CLASS = _class([c for c in BASIC if c != "\ufffe"])
_EXTENSION_CLASS = _class(list(EXTENSION))
_GSM7 = f"^[{_BASIC_CLASS}{_EXTENSION_CLASS}]*$"
_EXTENDED = f"[{_EXTENSION_CLASS}]"


def _choose(conn: Connection, texts: Sequence[Text], *, names: bool) -> str:
    """An SQL expression over ``contact as c``: the text of its variant, or the variant's name."""
    outcomes = [pgsql.Literal(text.variant) if names else _expression(text.parts) for text in texts]
    if len(texts) == 1:
        return f"({outcomes[0].as_string(conn)})::text"
    total = sum(text.weight for text in texts)
    # Spread by contact, the same at every run; the multiplication parts neighbours.
    draw = f"(c.contact_id * 2654435761 % 1000003) % {total}"
    branches, below = [], 0
    for text, outcome in zip(texts, outcomes, strict=True):
        below += text.weight
        branches.append(f"when {draw} < {below} then {outcome.as_string(conn)}")
    return f"(case {' '.join(branches)} end)::text"


def _expression(parts: Sequence[Part]) -> pgsql.Composable:
    if not parts:
        return pgsql.Literal("")
    return pgsql.SQL(" || ").join([_part(part) for part in parts])


def _part(part: Part) -> pgsql.Composable:
    if isinstance(part, str):
        return pgsql.Literal(part)
    value = pgsql.SQL("nullif(btrim({}), '')").format(_column(part.name))
    if part.fallback is None:
        return value
    return pgsql.SQL("coalesce({}, {})").format(value, pgsql.Literal(part.fallback))


def _column(name: str) -> pgsql.Composable:
    if name in FIXED:
        return pgsql.Identifier("c", name)
    plain = name.removeprefix("var_")
    return pgsql.SQL("coalesce(c.variables ->> {}, c.variables ->> {})").format(
        pgsql.Literal(plain), pgsql.Literal(f"var_{plain}")
    )


def _decide(conn: Connection, spec: Spec) -> list[str]:
    lines, foreign = io.StringIO(), dict[str, None]()
    with conn.cursor("undecided") as cur:
        cur.itersize = 20_000
        cur.execute(sql("campaigns/list_undecided"))
        for line in _decided(cur, spec, foreign):
            lines.write(line)
    if not lines.tell():
        return []
    lines.seek(0)
    with conn.cursor() as cur:
        cur.execute(
            "create temporary table decided (contact_id bigint primary key, text text, "
            "encoding text, segments smallint) on commit drop"
        )
        cur.copy_expert("copy decided from stdin", lines)
        cur.execute(sql("campaigns/take_decided"))
        cur.execute("drop table decided")
    return [character for character in foreign if transliterate(character) == "?"]


def _decided(rows: Any, spec: Spec, foreign: dict[str, None]) -> Iterator[str]:
    for contact_id, raw, encoding in rows:
        if encoding is None:
            foreign |= dict.fromkeys(outside_gsm7(raw))
        text = transliterate(raw) if encoding is None else raw
        choice: Literal["ucs2", "gsm7"] = "ucs2" if encoding == "ucs2" else "gsm7"
        parts = min(count_segments(text, choice), TOO_MANY)
        yield f"{contact_id}\t{_escaped(text)}\t{choice}\t{parts}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _price(conn: Connection, prices: Prices) -> None:
    with conn.cursor() as cur:
        cur.execute(sql("campaigns/list_price_keys"), {"digits": prices.digits})
        rows = [
            (prefix, parts, prices.of(number, parts)) for prefix, parts, number in cur.fetchall()
        ]
        cur.execute(
            "create temporary table price (prefix text, segments smallint, price numeric(10, 4), "
            "primary key (prefix, segments)) on commit drop"
        )
        cur.copy_expert("copy price from stdin", io.StringIO(_price_lines(rows)))
        cur.execute("analyze price")


def _price_lines(rows: Sequence[tuple[str, int, Decimal]]) -> str:
    return "".join(f"{prefix}\t{parts}\t{price}\n" for prefix, parts, price in rows)
