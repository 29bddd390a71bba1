"""Format lines: what they announce, and every trap in them."""

import pytest

from include.taxation.faults import SpoolFault
from include.taxation.fields import SqlType, join, sql_type
from include.taxation.generate import layout
from include.taxation.layout import Column, parse_format_line

SEED = b"#TicketVersion,1,5,L,CalledNumber,6,31,L,ChargedNumber,32,51,L"


def test_columns_count_from_one_both_ends_included() -> None:
    found = parse_format_line(SEED)
    assert [(c.name, c.first, c.last, c.width, c.type) for c in found.columns] == [
        ("TicketVersion", 1, 5, 5, "L"),
        ("CalledNumber", 6, 31, 26, "L"),
        ("ChargedNumber", 32, 51, 20, "L"),
    ]
    assert found.record_length == 51
    assert found.header() == SEED.decode()


def test_the_layouts_that_ship_have_the_documented_fields() -> None:
    seed, today = layout("seed"), layout("ed5.2")
    assert (len(seed.columns), len(today.columns), today.record_length) == (47, 48, 525)
    assert [(c.first, c.last) for c in seed.columns[1:3]] == [(6, 31), (32, 51)]
    assert [(c.first, c.last) for c in today.columns[1:3]] == [(6, 35), (36, 65)]
    names = {c.name for c in today.columns} - {c.name for c in seed.columns}
    assert names == {"ExternalFacilities", "InternalFacilities", "TimeDlt"}


def test_identity_does_not_depend_on_blanks_zeros_or_the_case_of_the_type() -> None:
    loose = b"# TicketVersion ,01,5,l, CalledNumber,6, 31 ,L,ChargedNumber,32,51,L "
    assert parse_format_line(loose).id == parse_format_line(SEED).id
    assert parse_format_line(SEED.replace(b"51", b"52")).id != parse_format_line(SEED).id


def test_row_64_gaps_are_fine() -> None:
    found = parse_format_line(b"#TicketVersion,1,5,L,Duration,20,29,R")
    assert found.record_length == 29


@pytest.mark.parametrize(
    ("line", "code", "position"),
    [
        (b"TicketVersion,1,5,L", "no_format_line", None),
        (b"#", "bad_format_line", 1),
        (b"#TicketVersion,1,5,L,", "bad_format_line", 5),
        (b"#TicketVersion,1,5,L,CalledNumber,6,3x,L", "bad_format_line", 7),
        (b"#TicketVersion,1,5,L,CalledNumber,,31,L", "bad_format_line", 6),
        (b"#TicketVersion,1,5,L,CalledNumber,6,31", "bad_format_line", 7),
        (b"#TicketVersion,1,5,L,CalledNumber,6,31,Q", "bad_format_line", 8),
        (b"#TicketVersion,1,5,L,CalledNumber,6,31,LL", "bad_format_line", 8),
        (b"#TicketVersion,1,5,L,CalledNumber,-6,31,L", "bad_format_line", 6),
        ("#TicketVersion,1,5,L,CalledNumber,6,\u00b2,L".encode("latin-1"), "bad_format_line", 7),
        (b"#CalledNumber,6,31,L", "bad_format_line", 1),
        (b"#TicketVersion,1,5,L,CalledNumber,31,6,L", "bad_format_line", 6),
        (b"#TicketVersion,1,5,L,CalledNumber,5,31,L", "bad_format_line", 6),
        (b"#TicketVersion,0,5,L", "bad_format_line", 2),
        (b"#TicketVersion,1,5,L,CalledNumber,6,100000,L", "bad_format_line", 6),
        (b'#TicketVersion,1,5,L,x"; DROP TABLE t;--,6,9,L', "bad_field_name", 5),
        (b"#TicketVersion,1,5,L,SELECT,6,9,L", "bad_field_name", 5),
        (b"#TicketVersion,1,5,L,ctid,6,9,L", "bad_field_name", 5),
        (b"#TicketVersion,1,5,L,ticket_id,6,9,L", "bad_field_name", 5),
        (b"#TicketVersion,1,5,L,Nom d'appel,6,9,L", "bad_field_name", 5),
        ("#TicketVersion,1,5,L,Durée,6,9,L".encode("latin-1"), "bad_field_name", 5),
        (b"#TicketVersion,1,5,L," + b"a" * 56 + b",6,9,L", "bad_field_name", 5),
        (b"#TicketVersion,1,5,L,Duration,6,9,R,DURATION,10,12,R", "bad_field_name", 9),
        (b"#TicketVersion,1,5,L,,6,9,R", "bad_field_name", 5),
    ],
)
def test_rows_62_to_65_a_bad_line_is_refused_with_its_position(
    line: bytes, code: str, position: int | None
) -> None:
    with pytest.raises(SpoolFault) as caught:
        parse_format_line(line, number=3)
    fault = caught.value
    assert (fault.code, fault.line, fault.place.column) == (code, 3, position)
    assert fault.message("fr") != fault.message("en")


def test_a_name_of_55_letters_is_the_longest() -> None:
    name = "a" * 55
    line = f"#TicketVersion,1,5,L,{name},6,9,L".encode()
    assert parse_format_line(line).columns[1].name == name


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (Column("Duration", 1, 10, "R"), "bigint"),
        (Column("Volume", 1, 19, "R"), "numeric"),
        (Column("CostInfo", 1, 10, "N"), "text"),
        (Column("StartDateTime", 1, 17, "L"), "timestamp"),
        (Column("StartDateTime", 1, 10, "L"), "text"),
        (Column("CalledNumber", 1, 30, "R"), "text"),
    ],
)
def test_the_narrowest_type_that_holds_a_field(column: Column, kind: str) -> None:
    assert sql_type(column) == kind


def test_joins_are_the_least_upper_bounds_of_the_lattice() -> None:
    kinds: tuple[SqlType, ...] = ("bigint", "numeric", "timestamp", "text")
    for one in kinds:
        assert join(one, one) == one and join(one, "text") == "text"
        for other in kinds:
            assert join(one, other) == join(other, one)
            for third in kinds:
                assert join(join(one, other), third) == join(one, join(other, third))
    assert join("bigint", "numeric") == "numeric"
    assert join("bigint", "timestamp") == "text"
