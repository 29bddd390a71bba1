"""Modems that have no PDU mode, on scripted bytes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sms_sender.journal import Journal
from sms_sender.modem import Modem
from sms_sender.oracle import Oracle
from sms_sender.pdu import DeliveryReport, InboundSms, PduError, encode_submit
from sms_sender.queue import Queue
from sms_sender.simulator import read_log
from sms_sender.tally import Tally
from sms_sender.text_mode import decode, destination, encode, read_time
from sms_sender.worker import Met, Worker
from tests.unit.sender.batches_for_tests import batch
from tests.unit.sender.conftest import MakeFarm, OpenModem
from tests.unit.sender.fake_port import FakeModem

REFUSED = b"\r\n+CME ERROR: 4\r\n"
NUMBER = "+33639980001"
WHEN = '"26/11/23,10:30:00+04"'
AT_UTC = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def ucs2(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def text_only(charset: str = "UCS2") -> FakeModem:
    fake = FakeModem()
    fake.answers[b"AT+CMGF?"] = b"\r\n+CMGF: 1\r\n\r\nOK\r\n"
    fake.answers[b"AT+CMGF=0"] = REFUSED
    if charset == "GSM":
        fake.answers[b'AT+CSCS="UCS2"'] = REFUSED
    return fake


def submit(modem: Modem, text: str) -> tuple[str, str | None]:
    (pdu, *_) = encode_submit(NUMBER, text, reference=1)
    outcome = modem.submit(pdu.length, pdu.hex, lambda: None)
    return outcome.kind, outcome.error


def sent(fake: FakeModem) -> list[bytes]:
    return [line for line in fake.port.written if line.startswith(b"AT+CS") or line[-1] == 0x1A]


def test_every_text_is_hexadecimal_in_ucs2() -> None:
    fake = text_only()
    modem = fake.opened()
    assert modem.text_mode
    assert submit(modem, "Prix 5 €") == ("sent", None)
    assert submit(modem, "ça va")[0] == "sent"
    assert submit(modem, "fête")[0] == "sent"
    assert sent(fake)[-5:] == [
        b"AT+CSMP=49,167,0,0\r",
        f"{ucs2('Prix 5 €')}\x1a".encode(),
        b"AT+CSMP=49,167,0,8\r",
        f"{ucs2('ça va')}\x1a".encode(),
        f"{ucs2('fête')}\x1a".encode(),
    ]
    number = f'AT+CMGS="{ucs2(NUMBER)}",145\r'.encode()
    assert fake.port.written.count(number) == 3


def test_only_plain_gsm_7_without_ucs2() -> None:
    fake = text_only("GSM")
    modem = fake.opened()
    assert submit(modem, "Déjà @ 5")[0] == "sent"
    assert sent(fake)[-1] == b"D\x05j\x7f \x00 5\x1a"
    assert f'AT+CMGS="{NUMBER}",145\r'.encode() in fake.port.written
    for text in ("5 €", "ça", "Ξ", "a\rb"):
        kind, error = submit(modem, text)
        assert (kind, error) == ("not_sent", "a character that this modem's text mode cannot send")
    assert len([line for line in sent(fake) if line[-1] == 0x1A]) == 1


def test_several_parts_are_refused_before_anything_is_asked() -> None:
    fake = text_only()
    modem = fake.opened()
    asked = len(fake.port.written)
    assert submit(modem, "x" * 200) == (
        "not_sent",
        "more than one part: this modem has no PDU mode",
    )
    assert len(fake.port.written) == asked


def test_a_message_of_several_parts_fails_and_says_why(tmp_path: Path) -> None:
    fake = text_only()
    fake.answers[b"AT+CPIN?"] = b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    journal, queue = Journal(tmp_path / "journal.sqlite3"), Queue()
    journal.open()
    queue.add(batch(2))
    modem = Modem("fake", connect=lambda _: fake.port, clock=fake.port.clock)
    worker = Worker(
        modem,
        journal,
        queue,
        epoch=lambda: 1,
        introduce=lambda *_: Met(Oracle(), [], Tally()),
        depart=lambda _: None,
    )
    worker.start()
    until(lambda: journal.outbox)
    worker.stop()
    assert worker.join(60)
    (entry,) = journal.outbox.take(9)
    assert entry.body["kind"] == "failed"
    assert entry.body["error"] == "more than one part: this modem has no PDU mode"
    assert [why for _, why in queue.returns()] == ["other part failed"]
    journal.close()


def until(check: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("charset", ["UCS2", "GSM"])
def test_reports_and_messages_in_words(charset: str) -> None:
    def shown(text: str) -> str:
        return ucs2(text) if charset == "UCS2" else text

    fake = text_only(charset)
    fake.answers[b'AT+CMGL="ALL"'] = (
        f'\r\n+CMGL: 3,"REC UNREAD","{shown(NUMBER)}",,{WHEN}\r\n{shown("STOP")}\r\n'
        f'+CMGL: 4,"STO SENT","{shown(NUMBER)}",,\r\n{shown("moi")}\r\n\r\nOK\r\n'
    ).encode()
    fake.answers[b"AT+CMGR=7"] = (
        f'\r\n+CMGR: "REC UNREAD","{shown(NUMBER)}",,{WHEN}\r\n{shown("Oui")}\r\n\r\nOK\r\n'
    ).encode()
    fake.answers[b"AT+CMGR=8"] = (
        f'\r\n+CMGR: "REC UNREAD",6,12,"{shown(NUMBER)}",145,{WHEN},{WHEN},70\r\n\r\nOK\r\n'
    ).encode()
    modem = fake.opened()
    assert modem.poll(0) == [InboundSms(NUMBER, "STOP", AT_UTC)]
    fake.port.later(
        0.1,
        f'\r\n+CDS: 6,11,"{shown(NUMBER)}",145,{WHEN},{WHEN},0\r\n'
        '\r\n+CMTI: "SM",7\r\n\r\n+CDSI: "SM",8\r\n'.encode(),
    )
    assert modem.poll(1) == [
        DeliveryReport(11, NUMBER, "delivered", 0, AT_UTC, AT_UTC),
        InboundSms(NUMBER, "Oui", AT_UTC),
        DeliveryReport(12, NUMBER, "undelivered", 70, AT_UTC, AT_UTC),
    ]
    modem.poll(0)
    deleted = sorted(line for line in fake.port.written if line.startswith(b"AT+CMGD"))
    assert deleted == [b"AT+CMGD=3\r", b"AT+CMGD=7\r", b"AT+CMGD=8\r"]


def test_texts_numbers_and_times() -> None:
    assert decode(encode("€ 😀", "UCS2"), "UCS2") == "€ 😀"
    assert decode("not hex", "UCS2") == "not hex"
    assert destination("36111", "GSM") == '"36111",129'
    assert read_time("26/11/23,09:30:00-08") == datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    assert read_time("") is None
    with pytest.raises(PduError):
        encode("[", "GSM")


@pytest.mark.parametrize("text", ["Bonjour @ 5", "Prix : 5 €", "fête 👍"])
def test_an_emulated_modem_without_pdu_mode(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path, text: str
) -> None:
    """What the network took is what was written; its report comes back in words."""
    log = tmp_path / "network.jsonl"
    modem = open_modem(make_farm(text_only=True, report_delay=0.0, network_log=log).ports[0])
    assert modem.text_mode
    assert submit(modem, text) == ("sent", None)
    (line,) = [line for line in read_log([log]) if line["event"] == "accepted"]
    assert (line["to"], line["text"]) == (NUMBER, text)
    heard: list[object] = []

    def report() -> bool:
        heard.extend(modem.poll(0.2))
        return bool(heard)

    until(report)
    assert isinstance(heard[0], DeliveryReport)
    assert (heard[0].reference, heard[0].msisdn, heard[0].state) == (1, NUMBER, "delivered")
