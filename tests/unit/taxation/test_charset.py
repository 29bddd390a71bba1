"""Texts of many records at once are those of one at a time, in any character set."""

import random

import pytest

from include.taxation.charset import charset, is_like_ascii
from include.taxation.clock import PbxClock
from include.taxation.convert import Converter, Tally
from include.taxation.fields import Stored, sql_type
from include.taxation.generate import spool_text
from include.taxation.records import sections

NAMES = {
    "cp1252": ("Élodie Lefèvre", "Œuvre à 12 €", "plain", "« “ok” »"),
    "latin-1": ("Élodie", "plain"),
    "cp437": ("Élodie", "┤box├", "ñandú"),
    "cp1251": ("Иванов", "plain"),
    "utf-8": ("Élodie", "東京", "plain", "𝄞"),
    "shift_jis": ("ｱｲｳ", "ソフト表", "plain"),
    "ascii": ("plain", "\xc9lodie"),
}


@pytest.mark.parametrize("name", NAMES)
def test_texts_as_their_charset_has_them(name: str) -> None:
    text = bytearray(spool_text("ed5.2", 300, 6, charset="latin-1"))
    (section,) = sections(bytes(text))
    column = next(c for c in section.layout.columns if c.key == "chargedusername")
    rng, values = random.Random(2), []
    for index in range(section.count):
        value = rng.choice(NAMES[name])
        data = value.encode("latin-1" if name == "ascii" else name)[: column.width]
        at = section.start + index * section.stride + column.first - 1
        text[at : at + column.width] = data.ljust(column.width)
        values.append(data if data.isascii() else data.decode(name, "replace").encode())
    (section,) = sections(bytes(text))
    stored = [Stored(c, c.key, sql_type(c)) for c in section.layout.columns]
    clock, tally = PbxClock("Europe/Paris"), Tally()
    made = Converter(section, stored, clock, pbx="p", charset=name, tally=tally)
    lines = b"".join(made.rows(12)).split(b"\n")[:-1]
    place = made.names.index("chargedusername")
    found = {int(line.split(b"\t")[2]): line.split(b"\t")[place] for line in lines}
    assert [found[line] for line in sorted(found)] == values


def test_lengths_say_which_bytes_are_characters_by_themselves() -> None:
    assert charset("cp1252").lengths[ord("a")] == 1
    assert charset("cp1252").lengths[0xE9] == 2
    assert charset("cp1252").lengths[0x80] == 3
    assert charset("cp1252").lengths[0x81] == 0
    assert not charset("utf-8").lengths[128:].any()
    assert not charset("cp500").lengths.any()


@pytest.mark.parametrize("name", ["cp500", "utf-16", "hex", "rot13", "undefined", "no-such"])
def test_what_is_no_charset_of_spools(name: str) -> None:
    assert not is_like_ascii(name)
