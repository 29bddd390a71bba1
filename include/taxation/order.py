"""What the form of the DAG ``taxation_ingest`` asks for."""

from typing import Any

from include.db import connect, sql
from include.errors import InputError
from include.settings import settings
from include.storage import Storage
from include.taxation.ingest import ingest_new
from include.taxation.pbx import find
from include.taxation.replay import replay as read_again
from include.taxation.spool import folders

REPLAYS = ("none", "set_aside", "all")


def carry_out(
    pbx: str | None = None, file: str | None = None, replay: str = "none"
) -> tuple[dict[str, Any], bool]:
    """Ingest or replay, of one PBX or all; the report, and whether somebody has to be asked.

    Raises ``InputError``: ``unknown_pbx``, ``no_such_file``, ``bad_order``.
    """
    if replay not in REPLAYS:
        raise InputError("bad_order", f"{replay!r} is none of {', '.join(REPLAYS)}")
    if file is not None and replay != "none":
        raise InputError("bad_order", "a file is read again without replay")
    if replay == "none":
        if pbx is not None and pbx not in folders(Storage(settings().spool_url)):
            raise InputError("unknown_pbx", f"the spool has no folder {pbx!r}")
        report = ingest_new(pbx, file)
        if file is not None and not report["files"]:
            raise InputError("no_such_file", f"no PBX's folder holds a file {file!r} to be read")
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
