"""Campaign files by themselves: every complaint names its line and its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.campaigns.campaign_file import parse_campaign
from include.campaigns.compliance import profile
from include.campaigns.faults import Fault, RefusedError

FR = profile("fr")
GOOD = """\
version: 1
kind: campaign
campaign: hello
list: members
purpose: transactional
message: Bonjour {prenom}
"""


def faults(text: str | bytes) -> list[Fault]:
    with pytest.raises(RefusedError) as refused:
        parse_campaign(text.encode() if isinstance(text, str) else text, FR)
    for fault in refused.value.faults:
        assert fault.message("fr")
        assert fault.message("en")
    return list(refused.value.faults)


def codes(text: str) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.line, fault.field) for fault in faults(text)]


def test_a_good_file_is_a_draft_unless_it_says_otherwise() -> None:
    file = parse_campaign(GOOD.encode(), FR)
    assert (file.state, file.quote_id, file.spec.name) == ("draft", None, "hello")


def test_times_and_numbers_are_what_was_written() -> None:
    text = GOOD + "schedule: {window: [08:00, 20:00]}\ntest_to: [+33639980001, 0639980002]\n"
    data = parse_campaign(text.encode(), FR).spec.data
    assert data["schedule"]["window"] == ["08:00", "20:00"]
    assert data["test_to"] == ["+33639980001", "0639980002"]


def test_a_block_left_empty_counts_as_left_out() -> None:
    assert "schedule" not in parse_campaign((GOOD + "schedule:\n").encode(), FR).spec.data


def test_the_digest_does_not_depend_on_state_or_order() -> None:
    turned = "\n".join(reversed(GOOD.splitlines())) + "\nstate: active\nquote_id: quo_12345678\n"
    assert parse_campaign(GOOD.encode(), FR).spec.digest == (
        parse_campaign(turned.encode(), FR).spec.digest
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("kind: campaign", "kind: campain"), ("wrong_value", 2, "kind")),
        (("list: members\n", ""), ("missing_field", 1, "list")),
        (("list: members", "liste: members"), ("unknown_field", 4, "liste")),
        (("transactional", "marketting"), ("not_in_list", 5, "purpose")),
        (("campaign: hello", "campaign: Hé!"), ("bad_name", 3, "campaign")),
        (("message: Bonjour {prenom}", "message: ''"), ("empty_text", 6, "message")),
        (("version: 1", "version: 1\nversion: 1"), ("duplicate_field", 2, "version")),
        (("version: 1", "version: one"), ("wrong_value", 1, "version")),
        (("list: members", "list: [members]"), ("wrong_type", 4, "list")),
        (("list: members", "list: &a members"), ("anchors_not_allowed", 4, None)),
        (("list: members", "list: 'members"), ("not_yaml", 7, None)),
    ],
)
def test_each_fault_has_its_code_line_and_field(
    change: tuple[str, str], expected: tuple[str, int, str]
) -> None:
    assert expected in codes(GOOD.replace(*change))


def test_a_name_nearly_right_is_offered() -> None:
    found = faults(GOOD.replace("list: members", "liste: members"))
    assert "list" in [f.values.get("close") for f in found]


@pytest.mark.parametrize("placeholder", ["{0.__class__}", "{x!r:>1000000}"])
def test_row_52_bad_placeholder(placeholder: str) -> None:
    text = GOOD.replace("message: Bonjour {prenom}", f"message: |\n  Bonjour\n  {placeholder}")
    assert codes(text) == [("bad_placeholder", 8, "message")]


def test_row_53_too_many_parts() -> None:
    long = GOOD.replace("Bonjour {prenom}", "x" * 1600)
    assert codes(long) == [("too_many_parts", 6, "message")]
    assert codes(GOOD.replace("Bonjour {prenom}", "x" * 460)) == [("too_many_parts", 6, "message")]
    parse_campaign(GOOD.replace("Bonjour {prenom}", "x" * 459).encode(), FR)
    assert codes(GOOD.replace("Bonjour {prenom}", "ê" * 202)) == [("too_many_parts", 6, "message")]


MARKETING = GOOD.replace("transactional", "marketing").replace("Bonjour", "ACME, bonjour")


@pytest.mark.parametrize(
    ("added", "field"),
    [
        ("sender_name: ACME\n", "stop_mention"),
        ("sender_name: ACME\nstop_mention: bonne journée\n", "stop_mention"),
        ("stop_mention: STOP au 36123\n", "sender_name"),
        ("sender_name: Dupont\nstop_mention: STOP au 36123\n", "sender_name"),
    ],
)
def test_row_54_marketing_says_who_speaks_and_how_to_stop(added: str, field: str) -> None:
    assert ("stop_mention_required", field) in [
        (f.code, f.field) for f in faults(MARKETING + added)
    ]


def test_the_stop_mention_is_part_of_the_text() -> None:
    text = MARKETING + "sender_name: ACME\nstop_mention: STOP au 36123\n"
    parts = parse_campaign(text.encode(), FR).spec.texts[0].parts
    assert parts[-1] == " STOP au 36123"


def test_row_56_send_by_before_start() -> None:
    text = GOOD + "schedule:\n  start_at: 2026-12-24T10:00\n  expire_at: 2026-12-24T09:00\n"
    assert codes(text) == [("expires_before_start", 9, "schedule.expire_at")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("start_at: demain", "bad_datetime"),
        ("start_at: 2026-02-30", "bad_datetime"),
        ("timezone: Europe/Pariss", "unknown_timezone"),
        ("timezone: ../../etc/passwd", "unknown_timezone"),
        ("window: ['08:00', '25:00']", "bad_time"),
    ],
)
def test_bad_times_are_named(line: str, code: str) -> None:
    assert [c[0] for c in codes(GOOD + f"schedule:\n  {line}\n")] == [code]


def test_a_local_time_is_of_the_schedules_zone() -> None:
    text = GOOD + "schedule: {start_at: '2026-12-24T10:00', timezone: America/Martinique}\n"
    start = parse_campaign(text.encode(), FR).spec.start_at
    assert start is not None
    assert start.isoformat() == "2026-12-24T14:00:00+00:00"


def test_characters_outside_an_alphabet_asked_for_are_named() -> None:
    found = faults(GOOD.replace("Bonjour", "Fête") + "encoding: gsm7\n")
    assert [(f.code, f.values["found"]) for f in found] == [("not_gsm7", "ê")]


def test_a_file_too_large_or_too_deep_is_refused_at_once() -> None:
    assert faults(b"a: " + b"x" * 70_000)[0].code == "too_large"
    assert faults(b"a: " + b"[" * 60_000)[0].code == "not_yaml"


def test_an_ansi_file_is_read() -> None:
    file = parse_campaign(GOOD.replace("Bonjour", "Été").encode("cp1252"), FR)
    assert file.spec.data["message"] == "Été {prenom}"


@given(st.binary(max_size=300))
def test_no_bytes_give_anything_but_a_refusal(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_campaign(raw, FR)


@given(st.text(max_size=80))
def test_no_text_gives_anything_but_a_refusal_or_a_campaign(text: str) -> None:
    file = GOOD.replace("Bonjour {prenom}", repr(text))
    try:
        parse_campaign(file.encode("utf-8", "replace"), FR)
    except RefusedError as error:
        assert all(fault.message("fr") for fault in error.faults)
