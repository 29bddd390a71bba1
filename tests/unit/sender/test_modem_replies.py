"""A modem on scripted bytes and a clock of its own: outcomes, and getting back in step."""

import pytest

from sms_sender.errors import ModemGone, ModemStuck, ModemUnusable
from sms_sender.modem import Modem, SubmitOutcome
from sms_sender.pdu import encode_submit
from tests.unit.sender.fake_port import FakeModem

(PDU,) = encode_submit("+33639980001", "OK ERROR 500", reference=1)


def submit(modem: Modem) -> SubmitOutcome:
    return modem.submit(PDU.length, PDU.hex, lambda: None)


def sent_pdus(fake: FakeModem) -> int:
    return sum(line.endswith(b"\x1a") for line in fake.port.written)


def test_opening_begins_with_escape_and_never_sends_ctrl_z() -> None:
    fake = FakeModem()
    fake.opened()
    assert fake.port.written[0].startswith(b"\x1b")
    assert sent_pdus(fake) == 0
    commands = [line.strip() for line in fake.port.written]
    for command in (b"ATE0", b"AT+CMEE=1", b"AT+CMGF=0", b"AT+CNMI=2,1,0,1,0"):
        assert command in commands


def test_opening_discards_what_an_earlier_session_left() -> None:
    fake = FakeModem()
    fake.port.later(0.01, b"\x00\xffgarbage +CMGS: 9\r\nOK\r\n> ")
    assert submit(fake.opened()).reference == 12


def test_opening_tolerates_refusals_but_not_the_lack_of_pdu_mode() -> None:
    fake = FakeModem()
    refused = b"\r\n+CME ERROR: 4\r\n"
    for command in (b"AT+CMMS", b"AT+CSMS", b"AT+CNMI=2,1,0,1,0", b"AT+CPIN?"):
        fake.answers[command] = refused
    assert submit(fake.opened()).kind == "sent"
    assert b"AT+CNMI=2,1,0,2,0\r" in fake.port.written

    fake = FakeModem()
    fake.answers[b"AT+CMGF=0"] = fake.answers[b"AT+CMGF=1"] = refused
    with pytest.raises(ModemUnusable, match="no PDU mode, nor text mode"):
        fake.opened()


def test_a_pin_is_given_once_and_never_again_when_it_is_wrong() -> None:
    fake = FakeModem()
    fake.answers[b"AT+CPIN?"] = b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
    fake.answers[b"AT+CPIN="] = b"\r\n+CME ERROR: 16\r\n"
    modem = fake.opened(pins={"*": "1234"})
    modem.open()
    assert [line for line in fake.port.written if line.startswith(b"AT+CPIN=")] == [
        b'AT+CPIN="1234"\r'
    ]


def test_the_journal_comes_before_the_first_byte_of_the_pdu() -> None:
    fake = FakeModem()
    modem = fake.opened()
    seen: list[int] = []
    outcome = modem.submit(PDU.length, PDU.hex, lambda: seen.append(sent_pdus(fake)))
    assert seen == [0]
    assert fake.port.written[-1] == PDU.hex.encode() + b"\x1a"
    assert outcome == SubmitOutcome("sent", 12)


def test_a_permission_refused_at_the_prompt_sends_nothing() -> None:
    fake = FakeModem()
    modem = fake.opened()

    def refuse() -> None:
        raise OSError("disk full")

    outcome = modem.submit(PDU.length, PDU.hex, refuse)
    assert (outcome.kind, outcome.error) == ("not_sent", "not permitted: disk full")
    assert sent_pdus(fake) == 0
    assert submit(modem).kind == "sent"
    assert b"\x1b\x1b\r" in fake.port.written


def test_an_interrupt_at_the_prompt_sends_nothing_and_goes_on_up() -> None:
    fake = FakeModem()
    modem = fake.opened()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        modem.submit(PDU.length, PDU.hex, interrupt)
    assert sent_pdus(fake) == 0


def test_row_76_a_reference_without_its_ok_is_uncertain_after_sixty_seconds() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b"\r\n+CMGS: 12\r\n"
    start = fake.port.now
    outcome = submit(modem)
    assert (outcome.kind, outcome.reference) == ("uncertain", 12)
    assert 60 <= fake.port.now - start < 61


def test_row_77_an_ok_without_reference_is_sent_and_flagged() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b"\r\nOK\r\n"
    assert submit(modem) == SubmitOutcome("sent", None, error="no +CMGS reference")


def test_row_79_an_echoed_pdu_is_no_result() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.prompt = f"AT+CMGS={PDU.length}\r\r\n> ".encode()
    fake.end = PDU.hex.encode() + b"\x1a\r\n500\r\nERROR 500\r\n\r\n+CMGS: 13\r\n\r\nOK\r\n"
    assert submit(modem) == SubmitOutcome("sent", 13)


@pytest.mark.parametrize(
    ("reply", "kind", "code", "whose"),
    [
        ("+CMS ERROR: 28", "rejected", 28, "permanent"),
        ("+CMS ERROR: 500", "rejected", 500, "retryable"),
        ("+CMS ERROR: 38", "rejected", 38, "retryable"),
        ("+CMS ERROR: 512", "rejected", 512, "retryable"),
        ("+CMS ERROR: 310", "rejected", 310, "sim"),
        ("+CME ERROR: SIM PIN required", "rejected", 11, "sim"),
        ("+CMS ERROR: 332", "uncertain", 332, None),
        ("+CMS ERROR: network timeout", "uncertain", 332, None),
        ("ERROR", "uncertain", None, None),
    ],
)
def test_rows_80_and_81_errors_after_the_pdu(
    reply: str, kind: str, code: int | None, whose: str | None
) -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = f"\r\n{reply}\r\n".encode()
    outcome = submit(modem)
    assert (outcome.kind, outcome.error_code, outcome.error_class) == (kind, code, whose)
    fake.end = b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
    assert submit(modem).kind == "sent"


def test_row_80_no_credit_when_the_operator_says_so() -> None:
    fake = FakeModem()
    modem = fake.opened(credit_codes=frozenset({500}))
    fake.end = b"\r\n+CMS ERROR: 500\r\n"
    assert submit(modem).error_class == "credit"


@pytest.mark.parametrize(
    ("reply", "kind", "whose"),
    [
        ("+CMS ERROR: 311", "not_sent", "sim"),
        ("+CMS ERROR: 332", "not_sent", "retryable"),
        ("ERROR", "not_sent", "retryable"),
        ("+CMS ERROR: 304", "rejected", "permanent"),
    ],
)
def test_row_81_errors_in_place_of_the_prompt_send_nothing(
    reply: str, kind: str, whose: str
) -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.prompt = f"\r\n{reply}\r\n".encode()
    outcome = submit(modem)
    assert (outcome.kind, outcome.error_class) == (kind, whose)
    assert sent_pdus(fake) == 0


@pytest.mark.parametrize(
    "stream",
    [
        [(at / 100, b"\xff" * 4096) for at in range(2600)],
        [(at * 5.0, b"x") for at in range(40)],
        [(at / 10, b"\r\n^RSSI:10\r\n") for at in range(3000)],
    ],
    ids=["10 MB of 0xFF", "1 byte per 5 s", "endless lines"],
)
def test_row_82_streams_without_an_answer_end_at_the_deadline(
    stream: list[tuple[float, bytes]],
) -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = stream
    start = fake.port.now
    assert submit(modem).kind == "uncertain"
    assert fake.port.now - start < 66


def test_row_82_a_modem_that_never_falls_silent_is_still_brought_in_step_or_given_up() -> None:
    fake = FakeModem()
    fake.reply = lambda line: [(at / 50, b"\xff" * 100) for at in range(2000)]  # type: ignore[method-assign]
    fake.port.script = fake.reply
    start = fake.port.now
    with pytest.raises(ModemStuck, match="no orderly answer"):
        fake.opened()
    assert fake.port.now - start < 15


def test_row_83_no_prompt_means_escape_not_sent_and_retry() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.prompt = b""
    outcome = submit(modem)
    assert (outcome.kind, outcome.error_class) == ("not_sent", "retryable")
    assert sent_pdus(fake) == 0
    fake.prompt = b"\r\n> "
    assert submit(modem).kind == "sent"
    escapes = [line for line in fake.port.written if line.startswith(b"\x1b")]
    assert len(escapes) == 2  # at opening, and after the prompt that did not come


def test_row_84_a_late_answer_resolves_its_own_submit_and_no_other() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = [(60.1, b"\r\n+CMGS: 12\r\n\r\nOK\r\n")]
    assert submit(modem).kind == "uncertain"
    assert modem.recover() == SubmitOutcome("sent", 12)
    assert modem.recover() is None
    fake.end = b"\r\n+CMS ERROR: 38\r\n"
    assert submit(modem).error_code == 38


def test_row_84_a_late_answer_in_the_middle_of_the_resynchronisation() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b""
    assert submit(modem).kind == "uncertain"
    late = b"\r\n+CMGS: 12\r\n\r\nOK\r\n"
    fake.answers[b"AT\r"] = late + b"\r\nOK\r\n"
    assert modem.recover() == SubmitOutcome("sent", 12)
    fake.end = b"\r\n+CMS ERROR: 28\r\n"
    assert submit(modem).kind == "rejected"


def test_row_84_a_late_refusal_that_leaves_no_doubt() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = [(60.1, b"\r\n+CMS ERROR: 38\r\n")]
    assert submit(modem).kind == "uncertain"
    late = modem.recover()
    assert late is not None
    assert (late.kind, late.error_code) == ("rejected", 38)


@pytest.mark.parametrize("late", [b"\r\n+CMS ERROR: 332\r\n", b"\r\nOK\r\n", b"\r\nERROR\r\n"])
def test_row_84_late_lines_that_prove_nothing_leave_it_uncertain(late: bytes) -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = [(60.1, late)]
    assert submit(modem).kind == "uncertain"
    assert modem.recover() is None


def test_row_85_odd_answers_are_shown_as_unknown() -> None:
    fake = FakeModem()
    fake.answers |= {
        b"AT+CPIN?": b"\r\n+CPIN: READY\r\n\r\nOK\r\n",
        b"AT+CREG?": b"\r\n+CREG: 0,9\r\n\r\nOK\r\n",
        b"AT+COPS?": b"\r\n+COPS: 0\r\n\r\nOK\r\n",
        b"AT+CSQ": b"\r\n+CSQ: 31.5\r\n\r\nOK\r\n",
        b"AT+CIMI": b"\r\nERROR\r\n",
    }
    seen = fake.opened().identify()
    assert seen.imei == "860000010000007"
    assert (seen.rssi, seen.signal_label, seen.signal_dbm) == (None, "introuvable", None)
    assert (seen.operator_code, seen.operator) == (None, "indisponible")
    assert (seen.registration, seen.sim_state, seen.imsi) == ("unknown", "ready", None)


def test_a_modem_that_refuses_questions_together_is_asked_one_by_one() -> None:
    fake = FakeModem()
    fake.answers |= {
        b"AT+CPIN?;": b"\r\nERROR\r\n",
        b"AT+CPIN?": b"\r\n+CME ERROR: 10\r\n",
        b"AT+CSQ": b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n",
        b"AT+COPS?": b'\r\n+COPS: 0,2,"20815"\r\n\r\nOK\r\n',
    }
    seen = fake.opened().identify()
    assert (seen.sim_state, seen.signal_label, seen.operator) == ("absent", "bon", "free")


def test_a_port_that_vanishes_before_the_prompt_sends_nothing() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.prompt = b""
    fake.port.later(0.5, ModemGone("fake: hung up"))
    outcome = submit(modem)
    assert (outcome.kind, outcome.error) == ("not_sent", "fake: hung up")
    with pytest.raises(ModemGone):
        submit(modem)


def test_a_port_that_vanishes_in_the_middle_of_the_pdu_sends_nothing() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.port.fail_write = lambda data: (
        ModemGone("fake: I/O error", 20) if data.endswith(b"\x1a") else None
    )
    assert submit(modem).kind == "not_sent"
    with pytest.raises(ModemGone):
        modem.identify()


def test_a_port_that_vanishes_after_ctrl_z_is_uncertain() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b""
    modem.submit(PDU.length, PDU.hex, lambda: fake.port.later(0.5, ModemGone("fake: hung up")))
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b"\r\n+CMGS: 12\r\n"
    outcome = modem.submit(
        PDU.length, PDU.hex, lambda: fake.port.later(0.5, ModemGone("fake: hung up"))
    )
    assert (outcome.kind, outcome.error) == ("uncertain", "fake: hung up")


def test_a_modem_that_restarts_is_set_up_again_before_the_next_submit() -> None:
    fake = FakeModem()
    modem = fake.opened()
    fake.end = b"\r\n+CMGS: 12\r\n\r\nOK\r\n\r\n^SYSSTART\r\n"
    assert submit(modem).kind == "sent"
    count = fake.port.written.count(b"AT+CMGF=0\r")
    modem.poll(0.1)
    submit(modem)
    assert fake.port.written.count(b"AT+CMGF=0\r") > count


def test_the_last_reference_of_the_sim() -> None:
    fake = FakeModem()
    fake.answers[b"AT+CRSM=176,28483"] = b'\r\n+CRSM: 144,0,"0CFF"\r\n\r\nOK\r\n'
    assert fake.opened().last_reference() == 12
    fake = FakeModem()
    fake.answers[b"AT+CRSM=176,28483"] = b'\r\n+CRSM: 106,130,""\r\n\r\nOK\r\n'
    assert fake.opened().last_reference() is None


def test_a_modem_that_is_not_open_is_gone() -> None:
    fake = FakeModem()
    modem = fake.opened()
    modem.close()
    modem.close()
    with pytest.raises(ModemGone, match="not open"):
        modem.identify()
