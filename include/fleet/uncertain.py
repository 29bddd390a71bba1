"""Messages that may have gone out: listing them, and a person's word on what became of them."""

from collections.abc import Sequence
from typing import Any, Literal

from include.db import connect, sql
from include.db.audit import record
from include.errors import InputError
from include.logs import masked

Verdict = Literal["sent", "planned", "written_off"]
VERDICTS: tuple[Verdict, ...] = ("sent", "planned", "written_off")


def list_uncertain(
    client: str | None = None, campaign: str | None = None, *, limit: int = 1000
) -> list[dict[str, Any]]:
    """Uncertain messages, the oldest first, numbers masked."""
    values = {"client": client, "campaign": campaign, "most": limit}
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("fleet/list_uncertain"), values)
        names = [column.name for column in cur.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cur.fetchall()]
    return [row | {"msisdn": masked(row["msisdn"])} for row in rows]


def resolve_uncertain(ids: Sequence[int], verdict: Verdict, by: str) -> dict[str, Any]:
    """Settle messages by a person's word: they were ``sent``, are to be ``planned`` again, or are
    ``written_off``. Those that are not uncertain (any more) stay as they are.

    ``InputError`` unknown_message if one of the ids does not exist.
    """
    with connect() as conn:
        with conn.cursor() as cur:
            cur.execute(sql("fleet/count_known"), {"ids": list(ids)})
            known = int((cur.fetchone() or (0,))[0])
            if known < len(set(ids)):
                raise InputError("unknown_message", "one of these messages does not exist")
            cur.execute(sql("fleet/resolve_segments"), {"ids": list(ids), "state": verdict})
            found = cur.fetchall()
            for month, resolved in found:
                cur.execute("select settle_messages(%s, %s)", (month, resolved))
        resolved = sorted(i for _month, some in found for i in some)
        record(conn, by, f"uncertain_{verdict}", "messages", ids=resolved)
    return {"verdict": verdict, "resolved": resolved, "unchanged": sorted(set(ids) - set(resolved))}
