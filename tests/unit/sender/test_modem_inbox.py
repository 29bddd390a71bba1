"""What a modem brings in, on scripted bytes."""

import logging
from datetime import UTC, datetime

import pytest

from sms_sender.dialects import GENERIC, choose
from sms_sender.pdu import (
    DeliveryReport,
    InboundSms,
    encode_deliver,
    encode_status_report,
    encode_submit,
)
from tests.unit.sender.fake_port import FakeModem

WHEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
STOP = encode_deliver("+33639980001", "STOP", WHEN)
REPORT = encode_status_report(12, "+33639980001", WHEN, WHEN, 0)


def written(fake: FakeModem, prefix: bytes) -> list[bytes]:
    return [line for line in fake.port.written if line.startswith(prefix)]


def test_stored_messages_are_read_once_and_deleted_by_the_next_poll() -> None:
    fake = FakeModem()
    fake.answers[b"AT+CMGL=4"] = (
        f"\r\n+CMGL: 2,0,,{STOP.length}\r\n{STOP.hex}\r\n"
        f"+CMGL: 3,2,,{STOP.length}\r\n{STOP.hex}\r\n"
        f"+CMGL: 5,1,,{REPORT.length}\r\n{REPORT.hex}\r\n\r\nOK\r\n"
    ).encode()
    modem = fake.opened()
    items = modem.poll(1.0)
    assert [type(item) for item in items] == [InboundSms, DeliveryReport]
    assert written(fake, b"AT+CMGD") == []
    assert modem.poll(0) == []
    assert sorted(written(fake, b"AT+CMGD")) == [b"AT+CMGD=2\r", b"AT+CMGD=5\r"]
    modem.poll(0)
    assert len(written(fake, b"AT+CMGL")) == 1


@pytest.mark.parametrize(
    ("announced", "pdu"),
    [('+CMTI: "SM",4', STOP), ('+CDSI: "SR",4', REPORT), ('+CMTI: "ME",4', STOP)],
)
def test_announced_messages_are_fetched_from_their_memory(announced: str, pdu: object) -> None:
    assert pdu in {STOP, REPORT}
    fake = FakeModem()
    modem = fake.opened()
    modem.poll(0)
    fake.answers[b"AT+CMGR=4"] = (
        f"\r\n+CMGR: 0,,{STOP.length}\r\n{(STOP if pdu is STOP else REPORT).hex}\r\n\r\nOK\r\n"
    ).encode()
    fake.port.later(0.1, f"\r\n{announced}\r\n".encode())
    (item,) = modem.poll(1.0)
    assert item.msisdn == "+33639980001"
    memory = announced.split('"')[1].encode()
    assert written(fake, b"AT+CPMS") == [b'AT+CPMS="' + memory + b'"\r']
    modem.poll(0)
    assert written(fake, b"AT+CMGD") == [b"AT+CMGD=4\r"]


def test_messages_handed_over_directly_also_in_the_middle_of_a_submit() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = (
        f"\r\n+CDS: {REPORT.length}\r\n{REPORT.hex}\r\n\r\n+CMGS: 12\r\n"
        f"\r\n+CMT: ,{STOP.length}\r\n{STOP.hex}\r\n\r\nOK\r\n"
    ).encode()
    (pdu,) = encode_submit("+33639980001", "a", reference=1)
    assert modem.submit(pdu.length, pdu.hex, lambda: None).reference == 12
    assert [type(item) for item in modem.poll(0)] == [DeliveryReport, InboundSms]


def test_a_message_that_cannot_be_decoded_is_logged_without_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.port.later(0.1, b"\r\n+CDS: 3\r\n0006AB\r\n")
    with caplog.at_level(logging.WARNING):
        assert modem.poll(0.5) == []
    assert "a PDU of 3 octets was dropped" in caplog.text
    assert "0006AB" not in caplog.text


def test_an_announced_message_that_is_not_there_is_passed_over() -> None:
    fake = FakeModem()
    modem = fake.opened()
    modem.poll(0)
    fake.answers[b"AT+CMGR"] = b"\r\n+CMS ERROR: 321\r\n"
    fake.port.later(0.1, b'\r\n+CMTI: "SM",9999\r\n')
    assert modem.poll(0.5) == []
    modem.poll(0)
    assert written(fake, b"AT+CMGD") == []


def test_a_listing_that_hangs_does_not_hold_up_sending() -> None:
    fake = FakeModem()
    fake.answers[b"AT+CMGL=4"] = b""
    modem = fake.opened()
    assert modem.poll(0) == []
    (pdu,) = encode_submit("+33639980001", "a", reference=1)
    assert modem.submit(pdu.length, pdu.hex, lambda: None).kind == "sent"
    modem.poll(0)
    assert len(written(fake, b"AT+CMGL")) == 1


def test_poll_waits_no_longer_than_asked_however_much_noise_comes() -> None:
    fake = FakeModem()
    modem = fake.opened()
    modem.poll(0)
    for at in range(100):
        fake.port.later(at / 10, b"\r\n^RSSI:10\r\n")
    start = fake.port.now
    assert modem.poll(1.0) == []
    assert fake.port.now - start < 1.2


def test_the_dialect_is_chosen_by_maker_and_its_settings_are_sent() -> None:
    assert choose("HUAWEI TECHNOLOGIES CO., LTD", "E220").name == "huawei"
    assert choose(None, "SIM800L").name == "simcom"
    assert choose("smsswitch", "emulated") is GENERIC
    fake = FakeModem()
    fake.answers[b"AT+CGMI"] = b"\r\nhuawei\r\n\r\nOK\r\n"
    fake.opened()
    assert written(fake, b"AT^CURC=0")
