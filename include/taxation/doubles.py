"""Tickets whose content is there already, or twice: of each, one stays in ``v_ticket``."""

import numpy as np
from psycopg2.extensions import connection as Connection

from include.db import sql
from include.taxation.convert import LINES_PER_FILE, Converter
from include.taxation.words import Bytes


class Doubles:
    """Looks for doubles of what is about to be copied; in most files there are none.

    A digest begins with the date of its ticket: if nothing is stored between the lowest and the
    highest of the new ones and they differ among themselves, nothing has to be compared.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.converters: list[Converter] = []
        self.near = False
        self._beside: list[int | None] = [None, None]

    def expect(self, converters: list[Converter]) -> None:
        """Say what is to be copied, before it is."""
        self.converters += [converter for converter in converters if converter.section.count]
        if self.near or not self.converters:
            return
        spans = [converter.span for converter in self.converters]
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        with self.conn.cursor() as cur:
            cur.execute(sql("taxation/is_near"), _range(low, high))
            ((self.near,),) = cur.fetchall()

    def expect_from(self, converter: Converter) -> None:
        """Say what is copied first, before it is; where the rest of it ends is known after the copy."""
        low, high = converter.span
        with self.conn.cursor() as cur:
            cur.execute(sql("taxation/beside"), _range(low, high))
            ((before, after),) = cur.fetchall()
        self._beside = [found and int(found[:8], 16) for found in (before, after)]

    def mark(self, first_file: int, last_file: int) -> int:
        """After the copy: mark the doubles; how many of the new tickets were met before or twice."""
        made = [digests for converter in self.converters for digests in converter.digests]
        if not made:
            return 0
        digests = np.concatenate(made)
        dates = digests[:, :4].copy().view(">u4")
        low, high = int(dates.min()), int(dates.max())
        if not (self.near or self._is_beside(low, high) or _twice(digests)):
            return 0
        values = {
            "first": first_file * LINES_PER_FILE,
            "last": (last_file + 1) * LINES_PER_FILE - 1,
            **_range(low, high),
        }
        with self.conn.cursor() as cur:
            cur.execute(sql("taxation/mark_duplicates"), values)
            ((count,),) = cur.fetchall()
        return int(count)

    def _is_beside(self, low: int, high: int) -> bool:
        before, after = self._beside
        return (before is not None and before >= low) or (after is not None and after <= high)


def _range(low: int, high: int) -> dict[str, str]:
    return {"low": f"{low:08x}" + "00" * 12, "high": f"{high:08x}" + "ff" * 12}


def _twice(digests: Bytes) -> bool:
    halves = digests.view(np.uint64)
    lower = np.sort(halves[:, 1])
    if not (lower[1:] == lower[:-1]).any():
        return False
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    return bool((ordered[1:] == ordered[:-1]).all(axis=1).any())
