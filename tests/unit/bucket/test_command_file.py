"""Command files are refused with the line and the field, whatever they hold."""

import pytest

from include.bucket.command_file import parse_command
from include.campaigns.faults import RefusedError
from include.contacts.refusal import RefusalError

HEAD = "version: 1\nkind: command\n"


def test_good_files() -> None:
    assert parse_command(f"{HEAD}command: export_list\nlist: guests".encode())["list"] == "guests"
    text = "command: quick_send\nsend:\n  to: [0639980001, +33639980002]\n  text: |\n    a\n    b\n"
    assert parse_command(f"{HEAD}{text}".encode())["send"] == {
        "to": ["0639980001", "+33639980002"],
        "text": "a\nb\n",
    }
    cleared = parse_command(
        f'{HEAD}command: preferences\npreferences: {{alert_address: ""}}'.encode()
    )
    assert cleared["preferences"] == {"alert_address": ""}


@pytest.mark.parametrize(
    ("rest", "line", "field"),
    [
        ("command: erase_all", 3, "command"),
        ("command: delete_list", 1, "list"),
        ("command: delete_list\nlist: ../../dupont", 4, "list"),
        ('command: delete_list\nlist: "guests\\n"', 4, "list"),
        ("command: delete_list\nlist: guests\nclient: autre", 5, "client"),
        ("command: delete_list\nlist: guests\nsend: {to: [a], text: b}", 5, "send"),
        ("command: preferences\npreferences: {}", 4, "preferences"),
        ("command: preferences\npreferences:\n  langage: fr", 5, "preferences.langage"),
        ("command: preferences\npreferences:\n  language: de", 5, "preferences.language"),
        ("command: preferences\npreferences:\n  credit: 1000000", 5, "preferences.credit"),
        (
            'command: preferences\npreferences:\n  alert_address: "a@b.fr\\r\\nBcc: x@y.fr"',
            5,
            "preferences.alert_address",
        ),
        (
            'command: preferences\npreferences:\n  alert_address: "a@b.fr\\n"',
            5,
            "preferences.alert_address",
        ),
        ("command: quick_send\nsend:\n  to: []\n  text: x", 5, "send.to"),
        ('command: quick_send\nsend:\n  to: [a]\n  text: "a\\x07b"', 6, "send.text"),
        ("command: quick_send\nsend:\n  to: [a]\n  text: x\n  purpose: marketing", 7, "send.purpose"),
    ],
)  # fmt: skip
def test_refused_with_line_and_field(rest: str, line: int, field: str) -> None:
    with pytest.raises(RefusalError) as refused:
        parse_command(f"{HEAD}{rest}".encode())
    assert refused.value.code == "command_invalid"
    assert (refused.value.facts["line"], refused.value.facts["field"]) == (line, field)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"- a",
        b"\x00" * 70_000,
        b"!!python/object:os.system x",
        b"command: &a quick_send\nsend: *a",
        b"command: " + b"[" * 30,
        b"command: delete_list\ncommand: export_list",
    ],
)
def test_what_is_no_plain_yaml_mapping(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_command(raw)
