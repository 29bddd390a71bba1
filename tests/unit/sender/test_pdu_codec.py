"""PDUs against the independent decoder `smspdudecoder`, and round trips."""

import contextlib
from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smspdudecoder.fields import SMSDeliver, SMSSubmit

from sms_sender.pdu import (
    Concat,
    PduError,
    decode_deliver,
    decode_status_report,
    decode_submit,
    encode_deliver,
    encode_report,
    encode_status_report,
    encode_submit,
    segment_text,
)
from sms_sender.pdu.submit import decode_validity, encode_validity

NUMBER = "+33639980001"
numbers = st.integers(0, 9999).map(lambda n: f"+3363998{n:04d}")
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
french = st.text(alphabet="abcdeéèàùÇçêœ’ €{}[]~^|\\😀🎉\n0123", max_size=400)
WHEN = datetime(2026, 11, 23, 9, 30, 15, tzinfo=timezone(timedelta(hours=1)))


def test_a_known_pdu() -> None:
    (pdu,) = encode_submit(NUMBER, "hellohello", reference=1, status_report=False)
    assert pdu.hex == "0001000B913336990800F1" + "0000" + "0A" + "E8329BFD4697D9EC37"
    assert pdu.length == len(pdu.hex) // 2 - 1


def test_the_header_of_parts() -> None:
    first, second = encode_submit(NUMBER, "a" * 161, reference=0x1FE)
    assert decode_submit(first.hex).concat == Concat(0xFE, 1, 2)
    assert decode_submit(second.hex).concat == Concat(0xFE, 2, 2)
    assert first.hex.startswith("0061")


@given(numbers, st.one_of(texts, french), st.integers(0, 70_000), st.booleans())
def test_what_is_encoded_decodes_to_the_same(
    number: str, text: str, reference: int, report: bool
) -> None:
    pdus = encode_submit(number, text, reference=reference, status_report=report)
    decoded = [decode_submit(pdu.hex, pdu.length) for pdu in pdus]
    assert "".join(part.text for part in decoded) == text
    assert {part.msisdn for part in decoded} == {number}
    assert {part.status_report for part in decoded} == {report}
    if len(pdus) > 1:
        assert [part.concat for part in decoded] == [
            Concat(reference & 0xFF, part, len(pdus)) for part in range(1, len(pdus) + 1)
        ]
    assert all(pdu.length <= 176 for pdu in pdus)


@given(numbers, french, st.integers(0, 255))
def test_an_independent_decoder_reads_the_same(number: str, text: str, reference: int) -> None:
    for part, pdu in zip(
        segment_text(text).parts, encode_submit(number, text, reference=reference), strict=True
    ):
        read = SMSSubmit.decode(StringIO(pdu.hex))
        assert "+" + read["recipient"]["number"] == number
        data = read["user_data"]["data"]
        assert data == part or data.rstrip("@") == part.rstrip("@")  # it guesses at padding
        header = read["user_data"].get("header")
        if header:
            assert header["elements"][0]["data"]["reference"] == reference


@given(
    st.one_of(numbers, st.sampled_from(["36179", "MMoney", "STOP"])),
    st.text(alphabet="abcé€ ", max_size=60),
)
def test_an_inbound_message_round_trips_and_reads_the_same_elsewhere(
    sender: str, text: str
) -> None:
    pdu = encode_deliver(sender, text, WHEN)
    decoded = decode_deliver(pdu.hex, pdu.length)
    assert (decoded.msisdn, decoded.text, decoded.received_at) == (sender, text, WHEN)
    read = SMSDeliver.decode(StringIO(pdu.hex))
    assert read["sender"]["number"] == sender.removeprefix("+")
    assert read["scts"] == WHEN


def test_inbound_messages_of_others() -> None:
    decoded = decode_deliver(
        "07913396050066F6" + "440B913336990800F1" + "0008" + "62113290035140"
        + "0B" + "060804ABCD0201" + "00E90074"
    )  # fmt: skip
    assert decoded.text == "ét"
    assert decoded.concat == Concat(0xABCD, 1, 2)


@given(numbers, st.integers(0, 255), st.integers(0, 255))
def test_a_status_report_round_trips(number: str, reference: int, code: int) -> None:
    pdu = encode_status_report(reference, number, WHEN, WHEN + timedelta(seconds=3), code)
    report = decode_status_report(pdu.hex, pdu.length)
    assert (report.reference, report.msisdn, report.code) == (reference, number, code)
    assert report.discharged_at == WHEN + timedelta(seconds=3)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0x00, "delivered"),
        (0x01, "delivered"),
        (0x20, "pending"),
        (0x30, "pending"),
        (0x41, "undelivered"),
        (0x46, "undelivered"),
        (0x60, "undelivered"),
        (0x80, "pending"),
    ],
)
def test_what_a_status_means(code: int, state: str) -> None:
    pdu = encode_status_report(7, NUMBER, WHEN, WHEN, code)
    assert decode_status_report(pdu.hex).state == state


def test_a_time_that_is_none_reads_as_unknown() -> None:
    pdu = encode_status_report(7, NUMBER, WHEN, WHEN, 0)
    broken = pdu.hex[:-16] + "00" * 7 + pdu.hex[-2:]
    assert decode_status_report(broken).discharged_at is None
    west = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))
    pdu = encode_status_report(7, NUMBER, west, WHEN, 0)
    assert decode_status_report(pdu.hex).submitted_at == west


@pytest.mark.parametrize(
    ("period", "value"),
    [
        (timedelta(0), 0),
        (timedelta(minutes=5), 0),
        (timedelta(minutes=14), 1),
        (timedelta(hours=12), 143),
        (timedelta(hours=13), 145),
        (timedelta(hours=24), 167),
        (timedelta(days=2), 168),
        (timedelta(days=30), 196),
        (timedelta(days=36), 197),
        (timedelta(weeks=63), 255),
        (timedelta(weeks=100), 255),
    ],
)
def test_validity_is_rounded_down(period: timedelta, value: int) -> None:
    assert encode_validity(period) == value
    if timedelta(minutes=5) <= period:
        assert decode_validity(value) <= period


def test_validity_travels_in_the_pdu() -> None:
    (pdu,) = encode_submit(NUMBER, "a", reference=1, validity=timedelta(hours=6))
    assert decode_submit(pdu.hex, pdu.length).validity == timedelta(hours=6)
    assert SMSSubmit.decode(StringIO(pdu.hex))["user_data"]["data"] == "a"


@pytest.mark.parametrize(
    "number", ["", "+", "06 39 98 00 01", "+336399800012345678901", "+٣٣", "x"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(PduError, match="not a phone number"):
        encode_submit(number, "a", reference=1)


@given(st.data())
def test_a_damaged_pdu_is_refused_or_read_but_never_crashes(data: st.DataObject) -> None:
    (pdu,) = encode_submit(NUMBER, "un message", reference=1)
    raw = bytearray.fromhex(pdu.hex)
    kind = data.draw(st.sampled_from(["cut", "flip", "junk"]))
    if kind == "cut":
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    elif kind == "flip":
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        raw = bytearray(data.draw(st.binary(max_size=80)))
    for decode in (decode_submit, decode_deliver, decode_status_report):
        with contextlib.suppress(PduError):
            decode(raw.hex())
    if kind == "cut":
        with pytest.raises(PduError):
            decode_submit(raw.hex(), pdu.length)


def test_a_length_that_does_not_match_is_refused() -> None:
    (pdu,) = encode_submit(NUMBER, "un message", reference=1)
    for wrong in (pdu.length - 1, pdu.length + 1):
        with pytest.raises(PduError, match="announced"):
            decode_submit(pdu.hex, wrong)
    with pytest.raises(PduError, match="hexadecimal"):
        decode_submit("xyz")


def test_the_document_of_the_encode_command() -> None:
    report = encode_report(NUMBER, "ça")
    assert report["encoding"] == "ucs2"
    assert report["parts"] == ["ça"]
    assert report["ucs2_because"] == ["ç"]
    (pdu,) = report["pdus"]
    assert decode_submit(pdu["hex"], pdu["length"]).text == "ça"
