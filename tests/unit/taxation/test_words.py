"""Dates of many records at once are those of one at a time."""

import random
from datetime import datetime, timedelta

import numpy as np

from include.taxation.words import read_dates

FORMS = (
    "20260301 00:00:00", "20261231 23:59:59", "20280229 12:34:56", "20260310 24:00:00",
    "20260310 10:60:00", "20260310 10:00:60", "20260310 10 00:00", "2026031a 10:00:00",
    "20260310 1a:00:00", "20260310 10:00:0:", "20260310 10;00:00", " " * 17, "////////?////////",
    "\xff" * 17, "20260310 9\xba:00:00", "99999999 19:59:59",
)  # fmt: skip


def _order(text: bytes) -> int:
    """As it is stored: the lower half of each byte is its digit."""
    d = [byte & 15 for byte in text]
    year = d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]
    month, day = d[4] * 10 + d[5], d[6] * 10 + d[7]
    hour, minute, second = d[9] * 10 + d[10], d[12] * 10 + d[13], d[15] * 10 + d[16]
    return ((year * 12 + month) * 31 + day) * 86_400 + hour * 3600 + minute * 60 + second


def test_dates_of_any_bytes() -> None:
    rng = random.Random(1)
    texts = [form.encode("latin-1") for form in FORMS]
    start = datetime(2020, 1, 1)
    for _ in range(500):
        when = start + timedelta(seconds=rng.randrange(10**9))
        changed = bytearray(when.strftime("%Y%m%d %H:%M:%S").encode())
        for _ in range(rng.choice([0, 0, 1, 2])):
            changed[rng.randrange(17)] = rng.choice(b"0123456789: /;?\x00\xff")
        texts.append(bytes(changed))
    records = np.frombuffer(b"".join(b"ab" + text + b"\n" for text in texts), np.uint8)
    dates = read_dates(records.reshape(len(texts), -1), 2)
    for index, text in enumerate(texts):
        assert dates.order[index] == _order(text), text
        shown = text[:8] + text[9:]
        parts = (text[9:11], text[12:14], text[15:17])
        sound = (
            all(48 <= byte < 58 for part in (text[:8], *parts) for byte in part)
            and text[11:12] == text[14:15] == b":"
            and all(int(part) < limit for part, limit in zip(parts, (24, 60, 60), strict=True))
        )
        assert dates.sound[index] == sound, shown
        if sound:
            assert dates.day[index] == int(text[:8])
            hours, minutes, seconds = map(int, parts)
            assert dates.second[index] == hours * 3600 + minutes * 60 + seconds
