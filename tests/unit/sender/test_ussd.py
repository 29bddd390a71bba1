"""USSD: what is asked, what is made of the answer."""

import pytest

from sms_sender.pdu.alphabet import encode_septets, pack
from sms_sender.ussd import UssdAnswer, is_code, read, request
from tests.unit.sender.conftest import MakeFarm, OpenModem
from tests.unit.sender.fake_port import FakeModem

SOLDE = "Solde : 12,30 €"
UCS2 = SOLDE.encode("utf-16-be").hex().upper()
PACKED = pack(encode_septets("Solde 5")).hex().upper()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('+CUSD: 0,"Solde: 5 EUR",15', "Solde: 5 EUR"),
        ('+CUSD: 0, "Solde: 5 EUR" , 15', "Solde: 5 EUR"),
        (f'+CUSD: 0,"{UCS2}",72', SOLDE),
        ('+CUSD: 1,"1. Suivi conso', "1. Suivi conso"),
        ('+CUSD: 0,"123456",15', "123456"),
        ("+CUSD: 2", None),
        ("+CUSD: 4", None),
    ],
)
def test_answers(line: str, text: str | None) -> None:
    assert read(line) == UssdAnswer(text)


def test_packed_answers_and_other_lines() -> None:
    assert read(f'+CUSD: 0,"{PACKED}",15', packed=True) == UssdAnswer("Solde 5")
    assert read("+CSQ: 12,99") is None
    assert read('+CUSD: 0,"' + "x" * 999 + '",15') == UssdAnswer("x" * 200)


def test_only_codes_are_sent() -> None:
    assert request("#123#") == 'AT+CUSD=1,"#123#",15'
    assert request("#123#", packed=True) == 'AT+CUSD=1,"A3986C3602",15'
    assert is_code("*144*1#")
    assert not any(map(is_code, ("", "#123#\r", '#1"', "allo", "#" * 41)))


def test_the_balance_of_an_emulated_sim(make_farm: MakeFarm, open_modem: OpenModem) -> None:
    modem = open_modem(make_farm(credit=7).ports[0])
    assert modem.ussd("#123#") == "Solde: 7 SMS"


def test_a_modem_that_takes_packed_septets_only() -> None:
    fake = FakeModem()
    fake.answers[b'AT+CUSD=1,"#'] = b"\r\nERROR\r\n"
    fake.answers[b'AT+CUSD=1,"A3986C3602"'] = [
        (0.0, b"\r\nOK\r\n"),
        (3.0, f'\r\n+CUSD: 0,"{PACKED}",15\r\n'.encode()),
    ]
    assert fake.opened().ussd("#123#") == "Solde 5"


def test_no_answer_is_waited_for_only_so_long() -> None:
    fake = FakeModem()
    modem = fake.opened()
    started = fake.port.now
    assert modem.ussd("#123#", timeout=5) is None
    assert 5 <= fake.port.now - started < 7
    fake.answers[b"AT+CUSD=1"] = b"\r\n+CME ERROR: 3\r\n"
    assert modem.ussd("#123#") is None
    assert modem.identify().imei == "860000010000007"
