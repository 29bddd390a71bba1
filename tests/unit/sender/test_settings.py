"""sender.toml: what it may say, and one clear line where it is wrong."""

from pathlib import Path

import pytest

from sms_sender.errors import ConfigurationError
from sms_sender.host import normal_mac
from sms_sender.settings import ModemSettings, load
from sms_sender.tally import Quota

WHOLE = """
server = "postgresql://h:p@127.0.0.1/db"
journal = "j/journal.sqlite3"
status = "127.0.0.1:0"
mac = "64-31-50-1B-E9-E9"
drain_seconds = 5
[[modem]]
port = "/dev/ttyUSB0"
credit_codes = [500]
[[modem]]
port = "socket://127.0.0.1:7000"
smsc = "+33600000000"
[pins]
"8933010000000000001" = "1234"
[timeouts]
submit = 30
[quotas."*"]
per_day = 200
recipients_per_month = 99
[balance]
orange = "#123#"
"*" = "*144#"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "sender.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WHOLE))
    assert settings.journal == tmp_path / "j" / "journal.sqlite3"
    assert (settings.status_host, settings.status_port) == ("127.0.0.1", 0)
    assert settings.ports() == (
        ModemSettings("/dev/ttyUSB0", None, frozenset({500})),
        ModemSettings("socket://127.0.0.1:7000", "+33600000000"),
    )
    assert settings.pins == {"8933010000000000001": "1234"}
    assert (settings.timeouts.submit, settings.timeouts.command) == (30.0, 5.0)
    assert settings.drain_seconds == 5.0
    assert settings.quotas == {"*": Quota(per_day=200, recipients_per_month=99)}
    assert settings.balance == {"orange": "#123#", "*": "*144#"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[quotas."*"]\nper_week = 3', r"quotas\.\*\.per_week is not a setting"),
        ('[quotas."*"]\nper_day = "3"', r"quotas\.\*\.per_day must be a whole number"),
        ("[quotas]\nper_day = 3", "per_day must be a table"),
        ('[balance]\n"*" = "allo"', r"balance\.\* must be a USSD code"),
    ],
)
def test_quotas_and_codes_that_cannot_be(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigurationError, match=place):
        load(written(tmp_path, f'server = "x"\n{text}\n'))


def test_ports_by_pattern(tmp_path: Path) -> None:
    for name in ("usb-HUAWEI-1", "usb-HUAWEI-0", "usb-other"):
        (tmp_path / name).touch()
    text = f'server = "x"\n[ports]\nmatch = ["{tmp_path}/usb-HUAWEI*"]\n'
    settings = load(written(tmp_path, text))
    assert [Path(modem.port).name for modem in settings.ports()] == ["usb-HUAWEI-0", "usb-HUAWEI-1"]


def test_the_server_in_a_file_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, 'credential_file = "secret"\n')
    with pytest.raises(ConfigurationError, match="secret"):
        load(path)
    assert load(path, need_server=False).server == ""
    (tmp_path / "secret").write_text("postgresql://h@127.0.0.1/db\n")
    assert load(path).server == "postgresql://h@127.0.0.1/db"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "server or credential_file is missing"),
        ("server = ", "sender.toml"),
        ('server = ""', "server must be a text"),
        ('server = "x"\nsever = "y"', "sever is not a setting"),
        ('server = "x"\nstatus = "9123"', "status must be address:port"),
        ('server = "x"\nstatus = "h:99999"', "status must be address:port"),
        ('server = "x"\nmodem = "/dev/ttyUSB0"', "modem must be an array"),
        ('server = "x"\n[[modem]]\nprt = "/dev/ttyUSB0"', "modem 1: prt is not a setting"),
        ('server = "x"\n[[modem]]\nport = 3', "port must be a text"),
        ('server = "x"\n[[modem]]\nport = "p"\ncredit_codes = "5"', "credit_codes must be"),
        ('server = "x"\n[ports]\nmatch = "p"', "ports.match must be a list"),
        ('server = "x"\n[timeouts]\nsubmit = "long"', "submit must be a number of seconds"),
        ('server = "x"\n[timeouts]\nsubmit = -1', "submit must be a number of seconds"),
        ('server = "x"\ndrain_seconds = true', "drain_seconds must be a number"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(written(tmp_path, text))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["64-31-50-1B-E9-E9", "6431501be9e9", " 64:31:50:1b:e9:e9 "])
def test_row_94_a_mac_is_written_one_way(text: str) -> None:
    assert normal_mac(text) == "64:31:50:1b:e9:e9"


@pytest.mark.parametrize("text", ["0", "", "64:31:50:1b:e9", "zz:31:50:1b:e9:e9"])
def test_row_94_what_is_no_mac(text: str) -> None:
    with pytest.raises(ConfigurationError):
        normal_mac(text)
