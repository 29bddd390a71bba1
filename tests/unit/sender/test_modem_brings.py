"""What a modem on a real port brings in: delivery reports and messages, whoever listened."""

import threading
import time

import pytest

from sms_sender.errors import ModemGone
from sms_sender.pdu import DeliveryReport, InboundSms
from sms_sender.simulator import Farm
from tests.unit.sender.conftest import QUICK, MakeFarm, OpenModem, busy
from tests.unit.sender.sending_for_tests import collect, send, send_one


def test_delivery_reports_and_replies(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    farm = make_farm(report_delay=0.05, reply=1.0, reply_text="STOP")
    modem = open_modem(farm.ports[0])
    assert modem.poll(0) == []
    send(modem, to="+33639980007")
    items = collect(modem, 2)
    (report,) = [item for item in items if isinstance(item, DeliveryReport)]
    (reply,) = [item for item in items if isinstance(item, InboundSms)]
    assert (report.reference, report.msisdn, report.state) == (1, "+33639980007", "delivered")
    assert (reply.msisdn, reply.text) == ("+33639980007", "STOP")
    assert len(farm.modems[0]._settings.stored) == 1
    assert modem.poll(0) == []
    assert len(farm.modems[0]._settings.stored) == 0


def test_reports_that_come_during_other_commands_are_kept(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    modem = open_modem(make_farm(report_delay=0.0).ports[0])
    for number in range(50):
        send(modem, str(number))
        modem.identify()
    reports = collect(modem, 50)
    assert [item.reference for item in reports if isinstance(item, DeliveryReport)] == [
        *range(1, 51)
    ]


def test_a_message_stored_while_nobody_listened_is_found_at_the_next_opening(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    farm = make_farm()
    arrived = threading.Event()

    def arrive() -> None:
        farm.modems[0].bring("+33639980009", "Arret")
        arrived.set()

    farm.post(arrive)
    assert arrived.wait(60)
    (item,) = collect(open_modem(farm.ports[0]), 1)
    assert isinstance(item, InboundSms)
    assert item.text == "Arret"


def test_undelivered_and_lost_reports(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    farm = make_farm(report_delay=0.0, delivered=0.4, undelivered=0.4)
    modem = open_modem(farm.ports[0])
    numbers = [f"+3363998{number:04d}" for number in range(60)]
    for number in numbers:
        send(modem, to=number)
    codes = {number: farm.network.report_code(number) for number in numbers}
    told = {number: code for number, code in codes.items() if code is not None}
    items = [item for item in collect(modem, len(told)) if isinstance(item, DeliveryReport)]
    assert {item.msisdn: item.code for item in items} == told
    assert {item.state for item in items} == {"delivered", "undelivered"}
    assert 0 < len(told) < 60


def wait_for_events(farm: Farm) -> None:
    """Wait until the emulated modem has nothing more to say."""
    until = time.monotonic() + 60
    while busy(farm) and time.monotonic() < until:
        time.sleep(0.01)


def test_what_was_said_while_the_port_was_closed_is_not_lost(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    farm = make_farm(report_delay=0.1)
    modem = open_modem(farm.ports[0])
    outcomes = [send_one(modem, to=f"+33639980{n:03d}") for n in range(20)]
    modem.close()
    wait_for_events(farm)
    modem.open()
    assert modem.identify().registration == "home"
    items = collect(modem, 20)
    assert [(i.reference, i.state) for i in items if isinstance(i, DeliveryReport)] == [
        (outcome.reference, "delivered") for outcome in outcomes
    ]


def test_a_report_comes_again_until_it_is_acknowledged(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    """A process that dies before the report is on its disk has not acknowledged it."""
    farm = make_farm(report_delay=0.0)
    modem = open_modem(farm.ports[0])
    outcome = send_one(modem)
    until = time.monotonic() + 60
    while not (heard := modem.poll(0.2)):
        assert time.monotonic() < until
    modem.close()
    modem.open()
    (again,) = collect(modem, 1)
    assert [again] == heard
    assert isinstance(again, DeliveryReport)
    assert again.reference == outcome.reference
    modem.poll(0)  # whoever polls again has it on the disk
    assert modem.poll(2.0) == []
    assert not modem.owes


def test_what_was_said_before_the_port_vanished_is_not_lost(
    make_farm: MakeFarm, open_modem: OpenModem
) -> None:
    farm = make_farm(report_delay=0.0, silent=1.0, seed=1)
    modem = open_modem(farm.ports[0], QUICK)
    assert {send_one(modem, str(n)).kind for n in range(6)} == {"uncertain"}
    taken = farm.modems[0]._settings.reference
    assert taken == 6
    farm.post(lambda: farm.unplug(0))
    with pytest.raises(ModemGone):
        modem.poll(60)
        modem.poll(60)
    modem.close()
    heard = modem.heard()
    assert 0 < len(heard) < 6
    assert all(isinstance(item, DeliveryReport) for item in heard)
    assert modem.heard() == []
