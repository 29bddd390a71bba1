"""The generator of spools."""

from datetime import date
from pathlib import Path

from include.taxation.clock import Instant, PbxClock
from include.taxation.generate import layout, spool_text, write_spool
from include.taxation.records import Section, sections


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert spool_text("seed", 20, 1) == spool_text("seed", 20, 1)
    assert spool_text("seed", 20, 1) != spool_text("seed", 20, 2)


def test_every_record_has_the_length_of_its_layout() -> None:
    for name in ("seed", "ed5.2"):
        (section,) = sections(spool_text(name, 200, 3))
        assert (section.count, section.layout.id) == (200, layout(name).id)


def _values(section: Section, name: str) -> list[bytes]:
    column = next(c for c in section.layout.columns if c.name == name)
    return [
        section.body[at + column.first - 1 : at + column.last].strip()
        for at in range(0, len(section.body), section.stride)
    ]


def test_outside_numbers_are_fictional_only() -> None:
    (section,) = sections(spool_text("ed5.2", 800, 4))
    fiction = (b"063998", b"019900", b"026191", b"035301", b"046571", b"053649")
    outside = set()
    for name in ("CalledNumber", "CallingNumber", "InitialDialledNumber"):
        outside |= {value for value in _values(section, name) if len(value) > 6}
    assert len(outside) > 300
    assert all(len(number) == 10 and number.startswith(fiction) for number in outside)


def test_no_call_lies_in_the_hour_that_the_spring_skips() -> None:
    clock = PbxClock("Europe/Paris")
    (section,) = sections(spool_text("seed", 2_000, 5, date(2026, 3, 28)))
    for name in ("StartDateTime", "EndDateTime"):
        values = _values(section, name)
        assert b"20260329" in {value[:8] for value in values}
        assert not [value for value in values if clock.instant(value) is Instant.INVALID]


def test_files_are_real_compress_data(tmp_path: Path) -> None:
    path = tmp_path / "TAXAAAAA.DAT"
    size = write_spool(path, layout_name="seed", tickets=500, seed=1)
    assert path.read_bytes()[:2] == b"\x1f\x9d"
    assert size == path.stat().st_size < 60_000
