"""The engine on bytes alone: the rows of bad input that are about one dialogue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sender.at import Answer, AtEngine, Event, Expired, Prompted, Stray, Unsolicited
from sms_sender.at.engine import MAX_LINE, Phase
from sms_sender.at.grammar import final_result

PDU = "0021000B913336990800F1000003E8"


def submitting() -> AtEngine:
    engine = AtEngine()
    assert engine.submit(14, 10.0) == b"AT+CMGS=14\r"
    assert engine.receive(b"\r\n> ", 0.0) == [Prompted()]
    assert engine.payload(PDU, 60.0) == PDU.encode() + b"\x1a"
    return engine


def answer(events: list[Event]) -> Answer:
    (found,) = [event for event in events if isinstance(event, Answer)]
    return found


def test_an_answer_with_its_lines() -> None:
    engine = AtEngine()
    engine.command("AT+CSQ", 5.0, prefixes=["+CSQ:"])
    events = engine.receive(b"AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\r\n", 0.0)
    assert answer(events).lines == ("+CSQ: 17,0",)
    assert engine.phase is Phase.IDLE
    assert engine.deadline is None


def test_the_prompt_has_no_line_end_and_may_come_in_pieces() -> None:
    engine = AtEngine()
    engine.submit(14, 10.0)
    for piece in (b"\r", b"\n", b">"):
        assert engine.receive(piece, 0.0) == []
    assert engine.receive(b" ", 0.0) == [Prompted()]


def test_a_prompt_inside_a_line_is_none() -> None:
    engine = AtEngine()
    engine.submit(14, 10.0)
    assert engine.receive(b"\r\nabc> \r\n", 0.0) == []
    assert engine.phase is Phase.PROMPT


def test_an_error_in_place_of_the_prompt_is_the_answer_and_an_ok_is_not() -> None:
    engine = AtEngine()
    engine.submit(14, 10.0)
    assert engine.receive(b"\r\nOK\r\n", 0.0) == [Stray("OK")]
    assert answer(engine.receive(b"\r\n+CMS ERROR: 310\r\n", 0.0)).final.code == 310


def test_row_76_a_reference_then_silence_expires_with_the_reference() -> None:
    engine = submitting()
    assert engine.receive(b"\r\n+CMGS: 12\r\n", 1.0) == []
    assert engine.expire(59.9) == []
    assert engine.expire(60.0) == [Expired(Phase.SUBMIT, 12)]


def test_row_77_an_ok_without_reference_is_an_answer_without_one() -> None:
    ended = answer(submitting().receive(b"\r\nOK\r\n", 1.0))
    assert (ended.final.kind, ended.reference) == ("ok", None)


def test_row_78_unsolicited_lines_between_prompt_and_reference() -> None:
    engine = submitting()
    noise = (
        b'\r\n+CMTI: "SM",3\r\n\r\nRING\r\n\r\n^BOOT:35323129,0,0,0,26\r\n\r\n^RSSI:10\r\n'
        b"\r\n+CREG: 1\r\n\r\n^MODE:5,4\r\n\r\n^SRVST:2\r\n\r\n^DSFLOWRPT:0,0,0\r\n"
        b'\r\n+CUSD: 2\r\n\r\n+CDSI: "SM",1\r\n\r\n+CDS: 3\r\n0006AB\r\n'
    )
    events = engine.receive(noise + b"\r\n+CMGS: 255\r\n\r\nOK\r\n", 1.0)
    assert answer(events).reference == 255
    assert [event.line for event in events if isinstance(event, Unsolicited)] == [
        '+CMTI: "SM",3',
        "RING",
        "^BOOT:35323129,0,0,0,26",
        "^RSSI:10",
        "+CREG: 1",
        "^MODE:5,4",
        "^SRVST:2",
        "^DSFLOWRPT:0,0,0",
        "+CUSD: 2",
        '+CDSI: "SM",1',
        "+CDS: 3",
    ]
    assert Unsolicited("+CDS: 3", "0006AB") in events


def test_row_78_unsolicited_lines_before_the_prompt() -> None:
    engine = AtEngine()
    engine.submit(14, 10.0)
    events = engine.receive(b"\r\n^RSSI:9\r\n\r\n> ", 0.0)
    assert events == [Unsolicited("^RSSI:9"), Prompted()]


@pytest.mark.parametrize(
    "echoed", [PDU, PDU + "\x1a", "OK ERROR 500", "+CMS ERROR 500", "xOK", "OK.", " > OK x"]
)
def test_row_79_an_echo_is_never_a_result(echoed: str) -> None:
    engine = submitting()
    assert engine.receive(f"{echoed}\r\n".encode(), 1.0) == []
    assert engine.phase is Phase.SUBMIT
    assert answer(engine.receive(b"\r\n+CMS ERROR: 38\r\n", 2.0)).final.code == 38


def test_row_79_an_echoed_command_that_looks_like_its_answer_is_not_taken_for_it() -> None:
    engine = AtEngine()
    engine.command("AT+CGSN", 5.0, bare=True)
    events = engine.receive(b"AT+CGSN\r\r\n860000010000007\r\n\r\nOK\r\n", 0.0)
    assert answer(events).lines == ("860000010000007",)


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        ("+CMS ERROR: 500", "cms", 500),
        ("+CMS ERROR:500", "cms", 500),
        ("+CMS ERROR: network timeout", "cms", 332),
        ("+CME ERROR: 10", "cme", 10),
        ("+CME ERROR: SIM PIN required", "cme", 11),
        ("+CME ERROR: SIM not inserted", "cme", 10),
        ("+CME ERROR: something new", "cme", None),
        ("+CMS ERROR: 99999999999999999999", "cms", None),
        ("ERROR", "error", None),
        ("COMMAND NOT SUPPORT", "error", None),
        ("OK", "ok", None),
    ],
)
def test_row_80_final_results_in_all_three_forms(line: str, kind: str, code: int | None) -> None:
    final = final_result(line)
    assert final is not None
    assert (final.kind, final.code) == (kind, code)


@pytest.mark.parametrize("line", ["ok", "OKAY", "+CMS ERROR", "+CMSERROR: 5", "ERROR: 5", "NOT OK"])
def test_row_80_what_only_resembles_a_final_result_is_none(line: str) -> None:
    assert final_result(line) is None


@pytest.mark.parametrize("filler", [b"\xff", b"a", b">", b"\x00", b"OK"])
def test_row_82_ten_megabytes_without_a_line_end_stay_bounded(filler: bytes) -> None:
    engine = submitting()
    chunk = filler * (4096 // len(filler))
    for turn in range(2560):
        assert engine.receive(chunk, turn / 1000) == []
        assert len(engine._buffer) <= MAX_LINE + len(chunk)
    assert engine.discarded > 9_000_000
    assert engine.receive(b"\r\n+CMGS: 1\r\n\r\nOK\r\n", 5.0) == [
        Answer(final_result("OK") or pytest.fail(), (), 1)
    ]


def test_row_82_bytes_that_trickle_in_do_not_extend_the_deadline() -> None:
    engine = submitting()
    events: list[Event] = []
    now = 0.0
    while not events:
        now += 5.0
        assert now <= 60.0
        events = engine.receive(b"x", now)
    assert events == [Expired(Phase.SUBMIT, None)]


def test_row_82_an_answer_of_endless_lines_stays_bounded() -> None:
    engine = AtEngine()
    engine.command("AT+CMGL=4", 5.0, prefixes=["+CMGL:"])
    for _ in range(5000):
        engine.receive(b"+CMGL: 1,1,,24\r\n", 0.0)
    assert len(answer(engine.receive(b"OK\r\n", 0.0)).lines) == 1024


def test_row_83_no_prompt_expires() -> None:
    engine = AtEngine()
    engine.submit(14, 10.0)
    assert engine.expire(10.0) == [Expired(Phase.PROMPT, None)]
    assert engine.abandon() == b"\x1b"


def test_row_84_a_late_answer_belongs_to_no_later_command() -> None:
    engine = submitting()
    assert engine.expire(60.0) == [Expired(Phase.SUBMIT, None)]
    late = b"\r\n+CMGS: 7\r\n\r\nOK\r\n"
    assert engine.receive(late, 61.0) == [Stray("+CMGS: 7"), Stray("OK")]

    engine.command("AT+CMGF?", 70.0, prefixes=["+CMGF:"], required=True)
    assert engine.receive(late, 62.0) == [Stray("+CMGS: 7"), Stray("OK")]
    assert answer(engine.receive(b"\r\n+CMGF: 0\r\n\r\nOK\r\n", 63.0)).lines == ("+CMGF: 0",)

    engine.submit(14, 80.0)
    assert engine.receive(late, 64.0) == [Stray("+CMGS: 7"), Stray("OK")]
    assert engine.phase is Phase.PROMPT


def test_a_pdu_that_does_not_follow_its_announcement_hides_nothing() -> None:
    engine = submitting()
    events = engine.receive(b"\r\n+CDS: 25\r\n\r\n+CMGS: 9\r\n\r\nOK\r\n", 1.0)
    assert answer(events).reference == 9


def test_a_reference_outside_one_octet_is_no_reference() -> None:
    for line in (b"+CMGS: 256", b"+CMGS: 1^RSSI:10", b"+CMGS: x", b"+CMGS:"):
        ended = answer(submitting().receive(b"\r\n" + line + b"\r\n\r\nOK\r\n", 1.0))
        assert ended.reference is None


def test_giving_a_pdu_without_a_prompt_is_a_fault_of_the_program() -> None:
    with pytest.raises(RuntimeError, match="no prompt"):
        AtEngine().payload(PDU, 1.0)


@given(st.lists(st.binary(max_size=40), max_size=20), st.randoms())
def test_any_bytes_in_any_pieces_never_crash_nor_end_a_submit_by_themselves(
    pieces: list[bytes], random: object
) -> None:
    del random
    engine = submitting()
    for piece in pieces:
        engine.receive(piece.replace(b"OK", b"").replace(b"ERROR", b""), 1.0)
    assert engine.phase is Phase.SUBMIT
    assert [type(event) for event in engine.expire(60.0)] == [Expired]


@given(st.integers(0, 255), st.data())
def test_the_same_bytes_mean_the_same_however_they_are_cut(
    reference: int, data: st.DataObject
) -> None:
    stream = (
        f"\r\n^RSSI:3\r\n\r\n+CDS: 3\r\n0006AB\r\n\r\n+CMGS: {reference}\r\n\r\nOK\r\n".encode()
    )
    whole = submitting().receive(stream, 1.0)
    engine, at, events = submitting(), 0, []
    while at < len(stream):
        size = data.draw(st.integers(1, 12))
        events += engine.receive(stream[at : at + size], 1.0)
        at += size
    assert events == whole
