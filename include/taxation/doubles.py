"""Tickets whose content is there already, or twice: of each, one stays in ``v_ticket``."""

import numpy as np
from psycopg2.extensions import connection as Connection

from include.db import sql
from include.taxation.convert import LINES_PER_FILE, Converter


class Doubles:
    """Looks for doubles of what is about to be copied; in most files there are none.

    A digest begins with the date of its ticket: if nothing is stored between the lowest and the
    highest of the new ones and they differ among themselves, nothing has to be compared.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.converters: list[Converter] = []
        self.near = False

    def expect(self, converters: list[Converter]) -> None:
        """Say what is to be copied, before it is."""
        self.converters += [converter for converter in converters if converter.section.count]
        if self.near or not self.converters:
            return
        low, high = self._span()
        with self.conn.cursor() as cur:
            cur.execute(sql("taxation/is_near"), {"low": low, "high": high})
            ((self.near,),) = cur.fetchall()

    def mark(self, first_file: int, last_file: int) -> int:
        """After the copy: mark the doubles; how many of the new tickets were met before or twice."""
        if not self.converters or not (self.near or self._twice()):
            return 0
        low, high = self._span()
        values = {
            "first": first_file * LINES_PER_FILE,
            "last": (last_file + 1) * LINES_PER_FILE - 1,
            "low": low,
            "high": high,
        }
        with self.conn.cursor() as cur:
            cur.execute(sql("taxation/mark_duplicates"), values)
            ((count,),) = cur.fetchall()
        return int(count)

    def _span(self) -> tuple[str, str]:
        spans = [converter.span for converter in self.converters]
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        return f"{low:08x}" + "00" * 12, f"{high:08x}" + "ff" * 12

    def _twice(self) -> bool:
        made = [digests for converter in self.converters for digests in converter.digests]
        if not made:
            return False
        halves = np.concatenate(made).view(np.uint64).reshape(-1, 2)
        lower = np.sort(halves[:, 1])
        if not (lower[1:] == lower[:-1]).any():
            return False
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        ordered = halves[order]
        return bool((ordered[1:] == ordered[:-1]).all(axis=1).any())
