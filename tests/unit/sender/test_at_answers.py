"""What answers mean: signal, registration, operator, SIM."""

import pytest

from sms_sender.at import answers
from sms_sender.at.grammar import Final, final_result
from sms_sender.at.verdicts import error_class


@pytest.mark.parametrize(
    ("line", "rssi"),
    [
        ("+CSQ: 17,0", 17),
        ("+CSQ: 0,0", 0),
        ("+CSQ: 31,99", 31),
        ("+CSQ: 99,99", None),
        ("+CSQ: 31.5", None),
        ("+CSQ: 31.5,0", None),
        ("+CSQ: 32,0", None),
        ("+CSQ: ,", None),
        ("+CSQ: 199,0", None),
    ],
)
def test_row_85_signal(line: str, rssi: int | None) -> None:
    assert answers.signal([line]) == rssi


def test_every_rssi_has_one_of_the_five_labels() -> None:
    labels = [answers.signal_label(rssi) for rssi in range(32)]
    assert labels == (
        ["très mauvais"] * 7 + ["mauvais"] * 6 + ["moyen"] * 6 + ["bon"] * 6 + ["très bon"] * 7
    )
    assert answers.signal_label(None) == "introuvable"
    assert (answers.signal_dbm(0), answers.signal_dbm(31)) == (-113, -51)
    assert answers.signal_dbm(None) is None


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (["+CREG: 0,1"], "home"),
        (['+CREG: 2,5,"00C3","7D2F",2'], "roaming"),
        (["+CREG: 0,2"], "searching"),
        (["+CREG: 0,3"], "denied"),
        (["+CREG: 0,0"], "none"),
        (["+CREG: 0,4"], "unknown"),
        (["+CREG: 1"], "home"),
        (['+CREG: 5,"00C3","7D2F"'], "roaming"),
        (["+CREG: 1,00C3,7D2F"], "home"),
        (["+CREG: 2", "+CREG: 0,1"], "home"),
        (["+CREG: 0,1", "+CREG: 2"], "home"),
        (["+CREG: x"], "unknown"),
        ([], "unknown"),
    ],
)
def test_registration_in_both_forms(lines: list[str], state: str) -> None:
    assert answers.registration(lines) == state


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('+COPS: 0,2,"20801"', "20801"),
        ('+COPS: 0,2,"20810",7', "20810"),
        ("+COPS: 0,2,20820", "20820"),
        ("+COPS: 0", None),
        ('+COPS: 0,0,"Orange F"', None),
        ("+COPS: 0,2", None),
    ],
)
def test_row_85_operator(line: str, code: str | None) -> None:
    assert answers.operator_code([line]) == code


@pytest.mark.parametrize(
    ("lines", "refusal", "state"),
    [
        (["+CPIN: READY"], None, "ready"),
        (["+CPIN: SIM PIN"], None, "pin"),
        (['+CPIN: "SIM PUK"'], None, "puk"),
        ([], "+CME ERROR: 10", "absent"),
        ([], "+CME ERROR: 13", "failure"),
        ([], "+CME ERROR: SIM busy", "busy"),
        ([], "ERROR", "unknown"),
        (["+CPIN: what"], None, "unknown"),
    ],
)
def test_sim_state(lines: list[str], refusal: str | None, state: str) -> None:
    assert answers.sim_state(lines, final_result(refusal) if refusal else None) == state


def test_identities() -> None:
    assert answers.identity_number(["860000010000007"]) == "860000010000007"
    assert answers.identity_number(['+CGSN: "860000010000007"']) == "860000010000007"
    assert answers.identity_number(["ERROR 12"]) is None
    assert answers.iccid(["^ICCID: 8933010000010000000F"]) == "8933010000010000000"
    content = answers.file_content(['+CRSM: 144,0,"9833100000000100000F"'])
    assert answers.iccid_of_file(content) is None  # a digit that is none
    content = answers.file_content(['+CRSM: 144,0,"983310000010000000F0"'])
    assert answers.iccid_of_file(content) == "8933010000010000000"
    assert answers.file_content(['+CRSM: 106,130,""']) is None
    assert answers.file_content(['+CRSM: 144,0,"0C5"']) is None


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        *[(code, "permanent") for code in (1, 21, 28, 30)],
        *[(code, "retryable") for code in (38, 41, 42, 47, 331, 500, 512, 515)],
        *[(code, "sim") for code in range(310, 319)],
        (332, None),
    ],
)
def test_row_80_classes_of_cms_errors(code: int, whose: str | None) -> None:
    assert error_class(Final("cms", code)) == whose


def test_row_80_no_credit_when_the_operator_says_so() -> None:
    assert error_class(Final("cms", 500), frozenset({500})) == "credit"


def test_row_81_cme_errors_of_the_sim() -> None:
    for code in range(10, 19):
        assert error_class(Final("cme", code)) == "sim"
    final = final_result("+CME ERROR: SIM PIN required")
    assert final is not None
    assert error_class(final) == "sim"
    assert error_class(Final("cme", 31)) is None
    assert error_class(Final("cme", 100)) == "retryable"


def test_an_error_that_does_not_say_why_may_hide_a_time_out() -> None:
    assert error_class(Final("error")) is None
    assert error_class(Final("cms", None)) is None
