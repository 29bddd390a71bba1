"""What the form of the DAG ``taxation_ingest`` asks for."""

from typing import Any

from include.db import connect, sql
from include.errors import InputError
from include.taxation.ingest import ingest_new
from include.taxation.pbx import find
from include.taxation.replay import replay as read_again

REPLAYS = ("none", "set_aside", "all")


def carry_out(
    pbx: str | None = None, file: str | None = None, replay: str = "none"
) -> tuple[dict[str, Any], bool]:
    """Ingest or replay, of one PBX or all; the report, and whether somebody has to be asked.

    Raises ``InputError``: ``unknown_pbx`` (replay only), ``bad_order``.
    """
    if replay not in REPLAYS:
        raise InputError("bad_order", f"{replay!r} is none of {', '.join(REPLAYS)}")
    if file is not None and replay != "none":
        raise InputError("bad_order", "a file is read again without replay")
    if replay == "none":
        report = ingest_new(pbx, file)
    else:
        with connect() as conn:
            if pbx is not None and find(conn, pbx) is None:
                raise InputError("unknown_pbx", f"there is no PBX {pbx!r}")
        report = read_again(pbx, everything=replay == "all")
    return report, _somebody_to_ask()


def _somebody_to_ask() -> bool:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("taxation/somebody_to_ask"))
        ((waits,),) = cur.fetchall()
    return bool(waits)
