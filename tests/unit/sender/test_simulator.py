"""The emulator itself: identities, strictness, its log, and its command."""

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sms_sender.modem import Modem
from sms_sender.pdu import encode_submit
from sms_sender.simulator import EmulatedModem, Network, Options, add_arguments, count_log
from sms_sender.simulator.command import options_of
from sms_sender.simulator.sim import luhn, make_card, swap_digits
from tests.unit.sender.conftest import QUICK, MakeFarm

PROGRAM = (
    "import argparse, sys; from sms_sender.simulator import add_arguments, run;"
    "parser = argparse.ArgumentParser(); add_arguments(parser);"
    "sys.exit(run(parser.parse_args()))"
)


def device(**options: object) -> EmulatedModem:
    settings = Options(**options)  # type: ignore[arg-type]
    return EmulatedModem(0, settings, Network(settings))


def ask(modem: EmulatedModem, command: bytes, now: float = 0.0) -> bytes:
    modem.output.clear()
    modem.receive(command, now)
    return bytes(modem.output)


def test_identities_differ_by_seed_offset_and_index() -> None:
    cards = [
        make_card(Options(seed=seed, offset=offset), index)
        for seed in (1, 2)
        for offset in (0, 100)
        for index in range(50)
    ]
    assert len({card.imei for card in cards}) == len({card.imsi for card in cards}) == 200
    assert len({card.iccid for card in cards}) == 200
    assert {len(card.imei) for card in cards} == {15}
    assert all(luhn(card.imei[:-1]) == card.imei[-1] for card in cards)
    assert make_card(Options(seed=1, offset=3), 0) == make_card(Options(seed=1), 3)
    assert swap_digits(cards[0].iccid)[-2:].startswith("F")


def test_row_86_clones_share_an_imei_and_no_sim(make_farm: MakeFarm) -> None:
    first, second = (modem.card for modem in make_farm(modems=2, same_imei=True).modems)
    assert first.imei == second.imei
    assert first.imsi != second.imsi


def test_echo_is_on_until_it_is_turned_off() -> None:
    modem = device()
    assert ask(modem, b"AT\r") == b"AT\r\r\nOK\r\n"
    assert ask(modem, b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert ask(modem, b"AT\r") == b"\r\nOK\r\n"


def test_errors_are_said_as_asked() -> None:
    modem = device(pin="1234")
    ask(modem, b"ATE0\r")
    assert ask(modem, b"AT+CIMI\r") == b"\r\nERROR\r\n"
    ask(modem, b"AT+CMEE=1\r")
    assert ask(modem, b"AT+CIMI\r") == b"\r\n+CME ERROR: 11\r\n"
    ask(modem, b"AT+CMEE=2\r")
    assert ask(modem, b"AT+CIMI\r") == b"\r\n+CME ERROR: SIM PIN required\r\n"
    assert ask(modem, b"AT+NONSENSE\r") == b"\r\nERROR\r\n"
    assert ask(modem, b"AT+CMGS=20\r") == b"\r\n+CMS ERROR: 311\r\n"


def test_questions_asked_together_are_answered_in_order() -> None:
    modem = device()
    ask(modem, b"ATE0\r")
    assert ask(modem, b"AT+CPIN?;+CREG?;+CSQ\r").split() == (
        b"+CPIN: READY +CREG: 0,1 +CSQ: 17,0 OK".split()
    )


def test_escape_leaves_the_prompt_without_sending() -> None:
    modem = device()
    ask(modem, b"ATE0\r")
    assert ask(modem, b"AT+CMGS=20\r") == b"\r\n> "
    assert ask(modem, b"0011\x1b") == b"\r\nOK\r\n"
    assert ask(modem, b"AT\r") == b"\r\nOK\r\n"


def test_commands_wait_while_a_message_is_under_way() -> None:
    modem = device(latency=3.0)
    ask(modem, b"ATE0\r")
    (pdu,) = encode_submit("+33639980001", "a", reference=1)
    ask(modem, b"AT+CMGS=%d\r" % pdu.length)
    assert ask(modem, pdu.hex.encode() + b"\x1aAT\r", 10.0) == b""
    assert modem.wakes_at == 13.0
    modem.wake(13.0)
    assert bytes(modem.output) == b"\r\n+CMGS: 1\r\n\r\nOK\r\n\r\nOK\r\n"


@pytest.mark.parametrize("junk", [b"\xff" * 200_000, b"\x1a" * 100, b"AT" * 100_000, b"\r" * 1000])
def test_junk_neither_grows_nor_crashes_it(junk: bytes) -> None:
    modem = device()
    ask(modem, junk)
    ask(modem, b"\x1b\r")
    assert len(modem._input) < 1 << 17
    assert b"OK" in ask(modem, b"\x1b\rAT\r")


def test_the_log_is_there_before_the_answer(make_farm: MakeFarm, tmp_path: Path) -> None:
    farm = make_farm()
    modem = Modem(farm.ports[0], timeouts=QUICK)
    modem.open()
    (pdu,) = encode_submit("+33639980001", "ç’est prêt", reference=1)
    for number in range(1, 30):
        assert modem.submit(pdu.length, pdu.hex, lambda: None).kind == "sent"
        lines = (tmp_path / "network.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(lines) == number
    modem.close()
    line = json.loads(lines[0])
    assert line["to"] == "+33639980001"
    assert (line["ref"], line["part"], line["parts"]) == (None, 1, 1)
    assert (line["encoding"], line["text"]) == ("ucs2", "ç’est prêt")
    assert line["imei"] == farm.modems[0].card.imei
    assert len(line["sha256"]) == 64


def test_counting_messages_parts_and_repeats(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def line(to: str, ref: int | None, part: int, parts: int, text: str) -> str:
        found = {"to": to, "ref": ref, "part": part, "parts": parts, "text": text}
        return json.dumps({"event": "accepted", **found}) + "\n"

    log.write_text(
        line("+1", None, 1, 1, "a")
        + line("+1", None, 1, 1, "b")
        + line("+1", None, 1, 1, "b")
        + line("+2", 5, 1, 2, "x")
        + line("+2", 5, 2, 2, "y")
        + line("+2", 5, 1, 2, "other, same reference")
        + line("+3", 6, 2, 2, "only a second part")
        + '{"event": "malformed"}\n{"event": "refused"}\n'
        + '{"event": "acc'
    )
    count = count_log([log])
    assert (count.accepted, count.segments, count.duplicates, count.malformed) == (3, 7, 1, 1)


def test_faults_repeat_with_the_seed_whatever_the_order(tmp_path: Path) -> None:
    options = Options(seed=9, reject=0.2, retryable=0.2, silent=0.1, unplug=0.1)
    pdus = [encode_submit(f"+3363998{n:04d}", "a", reference=1)[0] for n in range(100)]
    forwards, backwards = Network(options), Network(options)
    seen = {pdu.hex: forwards.decide(pdu.length, pdu.hex, True) for pdu in pdus}
    for pdu in reversed(pdus):
        assert backwards.decide(pdu.length, pdu.hex, True) == seen[pdu.hex]
    assert len({(decision.code, decision.fault) for decision in seen.values()}) > 6


def test_the_options_of_the_command() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = options_of(
        parser.parse_args(
            "--modems 3 --latency 100 --seed 7 --offset 50 --reject 0.1 --network-timeout 0.2"
            " --late-after 2 --reply-text STOP --no-smss --pin 1234".split()
        )
    )
    assert (options.modems, options.seed, options.offset, options.latency) == (3, 7, 50, 0.1)
    assert (options.reject, options.network_timeout, options.late_after) == (0.1, 0.2, 2.0)
    assert (options.reply_text, options.sim_smss, options.pin) == ("STOP", False, "1234")
    for wrong in ("--modems 0", "--reject 2", "--latency -1", "--modems x"):
        with pytest.raises(SystemExit):
            parser.parse_args(wrong.split())


def test_the_command_prints_its_ports_and_ends_on_sigterm(tmp_path: Path) -> None:
    ports_file, links = tmp_path / "ports", tmp_path / "by-id"
    with subprocess.Popen(
        [
            *(sys.executable, "-c", PROGRAM, "--modems", "2", "--ports-file", str(ports_file)),
            *("--network-log", str(tmp_path / "log"), "--links", str(links)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ports = [process.stdout.readline().strip() for _ in range(2)]
        try:
            assert ports_file.read_text().split() == ports
            modem = Modem(ports[1], timeouts=QUICK)
            modem.open()
            assert modem.identify().operator == "sfr"
            modem.close()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert list(links.iterdir()) == []


def test_a_log_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--network-log", str(tmp_path / "none" / "log")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
