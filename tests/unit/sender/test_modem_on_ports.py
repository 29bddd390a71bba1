"""The modem against emulated ones: real bytes on pseudo-terminals and sockets."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from sms_sender.errors import ModemGone, ModemStuck
from sms_sender.modem import SubmitOutcome, Timeouts
from sms_sender.pdu import encode_submit
from sms_sender.simulator import count_log, read_log
from sms_sender.transport import SerialTransport
from tests.unit.sender.conftest import QUICK, MakeFarm, OpenModem
from tests.unit.sender.sending_for_tests import send, send_one


def test_identity(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    farm = make_farm(modems=2, seed=5)
    first, second = (open_modem(port).identify() for port in farm.ports)
    assert first.imei == farm.modems[0].card.imei
    assert first.imsi == farm.modems[0].card.imsi
    assert first.iccid == farm.modems[0].card.iccid
    assert (first.sim_state, first.registration) == ("ready", "home")
    assert (first.operator, second.operator) == ("orange", "sfr")
    assert first.rssi == farm.modems[0].card.rssi
    assert first.imei != second.imei


def test_messages_parts_and_their_references(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    modem = open_modem(make_farm().ports[0])
    outcomes = send(modem, "ça " * 60)
    assert [outcome.reference for outcome in outcomes] == [1, 2, 3]
    assert modem.last_reference() == 3
    lines = list(read_log([tmp_path / "network.jsonl"]))
    assert [(line["ref"], line["part"], line["parts"], line["mr"]) for line in lines] == [
        (7, 1, 3, 1),
        (7, 2, 3, 2),
        (7, 3, 3, 3),
    ]
    assert "".join(line["text"] for line in lines) == "ça " * 60


def test_the_reference_wraps(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    modem = open_modem(make_farm().ports[0])
    references = [send_one(modem, str(number)).reference for number in range(260)]
    assert references == [(number + 1) & 0xFF for number in range(260)]
    assert modem.last_reference() == 260 & 0xFF


def test_rejected_numbers_stay_rejected(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    modem = open_modem(make_farm(reject=0.5).ports[0])
    first = [send_one(modem, to=f"+3363998{n:04d}").kind for n in range(40)]
    again = [send_one(modem, "autre", to=f"+3363998{n:04d}").kind for n in range(40)]
    assert first == again
    assert set(first) == {"sent", "rejected"}


def test_temporary_errors_pass_when_tried_again(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    modem = open_modem(make_farm(retryable=0.5).ports[0])
    for number in range(20):
        outcome = send_one(modem, str(number))
        while outcome.kind == "rejected":
            assert outcome.error_class == "retryable"
            outcome = send_one(modem, str(number))
        assert outcome.kind == "sent"
    assert count_log([tmp_path / "network.jsonl"]).segments == 20


@pytest.mark.parametrize("fault", ["network_timeout", "silent"])
def test_what_may_have_gone_out_is_uncertain(
    fault: str, make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    farm = make_farm(**{fault: 1.0})
    modem = open_modem(farm.ports[0], Timeouts(submit=0.05, settle=0.01))
    outcomes = [send_one(modem, str(number)) for number in range(12)]
    assert {outcome.kind for outcome in outcomes} == {"uncertain"}
    assert 0 < count_log([tmp_path / "network.jsonl"]).accepted < 12


def test_a_late_answer_is_brought_by_recovering(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    modem = open_modem(make_farm(late=1.0, late_after=1.5).ports[0], QUICK)
    assert send_one(modem).kind == "uncertain"
    assert modem.recover() == SubmitOutcome("sent", 1)
    assert send_one(modem).kind == "uncertain"
    assert modem.recover() == SubmitOutcome("sent", 2)


def test_noise_between_prompt_and_reference_changes_nothing(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    modem = open_modem(make_farm(noise=1.0, report_delay=0.0).ports[0])
    outcomes = [send_one(modem, str(number)) for number in range(300)]
    assert {outcome.kind for outcome in outcomes} == {"sent"}
    assert [outcome.reference for outcome in outcomes] == [(n + 1) & 0xFF for n in range(300)]
    assert count_log([tmp_path / "network.jsonl"]).accepted == 300


def test_a_modem_slow_in_every_command_is_never_one_answer_behind(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    farm = make_farm(command_latency=0.15)
    seen = open_modem(farm.ports[0]).identify()
    assert (seen.imei, seen.rssi) == (farm.modems[0].card.imei, farm.modems[0].card.rssi)
    assert (seen.manufacturer, seen.model) == ("smsswitch", "emulated")


def test_a_modem_that_hangs_is_stuck_and_comes_back(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    modem = open_modem(
        make_farm(hang=1.0, hang_for=1.5).ports[0],
        Timeouts(submit=0.1, settle=0.01, sync=0.3),
    )
    assert send_one(modem).kind == "uncertain"
    with pytest.raises(ModemStuck):
        modem.recover()
    with pytest.raises(ModemStuck):
        modem.identify()
    modem.close()
    patient = open_modem(modem.port)
    assert patient.identify().sim_state == "ready"


def test_a_port_that_vanishes_and_comes_back(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    farm = make_farm(unplug=1.0, replug_after=0.2, links=tmp_path / "by-id")
    (port,) = farm.ports
    modem = open_modem(port)
    outcome = send_one(modem)
    assert outcome.kind == "uncertain"
    with pytest.raises(ModemGone):
        modem.identify()
    modem.close()
    until = time.monotonic() + 60
    while not os.path.lexists(port) and time.monotonic() < until:
        time.sleep(0.01)
    modem.open()
    accepted = count_log([tmp_path / "network.jsonl"]).accepted
    assert modem.last_reference() == 1
    assert accepted in {0, 1}


def test_closing_and_opening_keeps_the_modems_state(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    modem = open_modem(make_farm().ports[0])
    send(modem)
    modem.close()
    modem.open()
    assert modem.last_reference() == 1
    assert send_one(modem).reference == 2


def test_a_sender_that_died_at_the_prompt_leaves_nothing_behind(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    farm = make_farm()
    (port,) = farm.ports
    dying = SerialTransport(port)
    dying.write(b"AT+CMGS=20\r")
    answered = b""
    while b"> " not in answered:
        answered += dying.read(60)
    dying.write(b"0011000B9133")
    dying.close()
    modem = open_modem(port)
    assert send_one(modem).kind == "sent"
    count = count_log([tmp_path / "network.jsonl"])
    assert (count.accepted, count.malformed) == (1, 0)


def test_no_credit(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    modem = open_modem(make_farm(credit=2).ports[0], credit_codes=frozenset({500}))
    assert [send_one(modem).error_class for _ in range(4)] == [None, None, "credit", "credit"]


def test_a_locked_sim(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    (port,) = make_farm(pin="1234").ports
    locked = open_modem(port, pins={"*": "0000"})
    assert locked.identify().sim_state == "pin"
    outcome = send_one(locked)
    assert (outcome.kind, outcome.error_class) == ("not_sent", "sim")
    locked.close()
    modem = open_modem(port, pins={"*": "1234"})
    assert modem.identify().sim_state == "ready"
    assert send_one(modem).kind == "sent"


def test_a_pin_by_iccid(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    farm = make_farm(modems=2, pin="1234")
    pins = {farm.modems[0].card.iccid: "1234", "*": "9999"}
    states = [open_modem(port, pins=pins).identify().sim_state for port in farm.ports]
    assert states == ["ready", "pin"]


def test_a_pdu_of_the_wrong_length_is_refused_and_logged(
    make_farm: MakeFarm, open_modem: OpenModem, tmp_path: Path
) -> None:
    modem = open_modem(make_farm().ports[0])
    (pdu,) = encode_submit("+33639980001", "Bonjour", reference=1)
    outcome = modem.submit(pdu.length - 1, pdu.hex, lambda: None)
    assert (outcome.kind, outcome.error_code, outcome.error_class) == (
        "rejected",
        304,
        "permanent",
    )
    assert count_log([tmp_path / "network.jsonl"]).malformed == 1
    assert modem.last_reference() == 0


def test_one_port_is_not_opened_twice(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    (port,) = make_farm().ports
    open_modem(port)
    with pytest.raises(ModemGone, match="lock"):
        open_modem(port)


def test_a_port_that_does_not_exist_is_gone(open_modem: OpenModem) -> None:
    with pytest.raises(ModemGone, match="cannot be opened"):
        open_modem("/dev/ttyNONE")


def test_a_modem_behind_a_socket(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    farm = make_farm()
    (pty,) = farm.ports
    with socket.create_server(("127.0.0.1", 0)) as server:
        bridge = threading.Thread(target=serve, args=(server, pty), daemon=True)
        bridge.start()
        modem = open_modem(f"socket://127.0.0.1:{server.getsockname()[1]}")
        assert modem.identify().imei == farm.modems[0].card.imei
        assert send_one(modem).kind == "sent"
        modem.close()
        bridge.join(60)
        assert not bridge.is_alive()


def serve(server: socket.socket, pty: str) -> None:
    """Join one connection to a port until it is closed."""
    connection, _ = server.accept()
    port = SerialTransport(pty)
    connection.settimeout(0.005)
    while True:
        try:
            data = connection.recv(4096)
        except TimeoutError:
            data = None
        if data == b"":
            break
        if data:
            port.write(data)
        back = port.read(0.005)
        if back:
            connection.sendall(back)
    port.close()
    connection.close()
