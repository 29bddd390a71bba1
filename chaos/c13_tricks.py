"""What a hostile client puts into its inbox: each trick plants one thing."""

import json
import os
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.integration.client_files import csv_bytes, people

SOUND = csv_bytes(people(3, 500))


@dataclass(frozen=True)
class Place:
    """The attacker's inbox, the victim's prefix, and a secret file outside the bucket.

    ``import_id``, ``quote_id``: the victim's, which the attacker happens to know.
    """

    inbox: Path
    victim: Path
    outside: Path
    import_id: str
    quote_id: str

    @property
    def contacts(self) -> Path:
        """Where contact files are dropped."""
        return self.inbox / "contacts"


Trick = Callable[[Place], object]


def _link(where: str, to: Callable[[Place], Path | str]) -> Trick:
    return lambda place: (place.inbox / where).symlink_to(to(place))


def _hard(where: str, to: Callable[[Place], Path]) -> Trick:
    return lambda place: (place.inbox / where).hardlink_to(to(place))


def _named(name: str | bytes, folder: str = "contacts") -> Trick:
    def plant(place: Place) -> None:
        path = os.fsencode(place.inbox / folder) + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 (bytes)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(SOUND)

    return plant


def _device(kind: int, major: int, minor: int) -> Trick:
    def plant(place: Place) -> None:
        if os.geteuid() == 0:
            os.mknod(place.contacts / f"device{major}.csv", kind | 0o666, os.makedev(major, minor))

    return plant


def _socket(place: Place) -> None:
    before = Path.cwd()
    os.chdir(place.contacts)  # an address in the file system may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.csv")
    finally:
        os.chdir(before)


def _sparse(place: Place) -> None:
    with (place.contacts / "sparse.csv").open("wb") as file:
        file.truncate(1 << 40)


def _said(name: str, folder: str, make: Callable[[Place], dict[str, object]]) -> Trick:
    """A sound YAML document (JSON is one) that speaks of what is another's."""
    return lambda place: (place.inbox / folder / name).write_text(json.dumps(make(place)))


def _mapping(place: Place, **changes: object) -> dict[str, object]:
    columns = [
        {"column": n, "to": to} for n, to in enumerate(("first_name", "last_name", "phone"), 1)
    ]
    document = {"version": 1, "kind": "contact-list", "confirmed": True, "columns": columns}
    return document | {"list": "members"} | changes


def _campaign(place: Place, **changes: object) -> dict[str, object]:
    document: dict[str, object] = {
        "version": 1,
        "kind": "campaign",
        "campaign": "stolen",
        "list": "members",
        "state": "active",
        "purpose": "transactional",
        "message": "x",
    }
    return document | changes


def _command(place: Place, **fields: object) -> dict[str, object]:
    return {"version": 1, "kind": "command", **fields}


def _victims(name: str) -> Callable[[Place], Path]:
    return lambda place: place.victim / name


_SECRET = _victims("inbox/contacts/~$secret.csv")
TRICKS: dict[str, Trick] = {
    "link to a victim's file": _link("contacts/l1.csv", _SECRET),
    "relative link": _link("contacts/l2.csv", lambda _: "../../../dupont/inbox/contacts/~$secret.csv"),
    "link outside the bucket": _link("contacts/l3.csv", lambda place: place.outside),
    "link to the process's environment": _link("contacts/l4.csv", lambda _: "/proc/self/environ"),
    "link to nothing": _link("contacts/l5.csv", lambda _: "/nowhere/at/all.csv"),
    "link to itself": _link("contacts/l6.csv", lambda _: "l6.csv"),
    "linked folder of a victim": _link("contacts/folder", _victims("inbox")),
    "linked folder beside": _link("blocklist", _victims("inbox/contacts")),
    "linked root": _link("contacts/root", lambda _: "/"),
    "linked mapping": _link("contacts/m1.csv.mapping.yaml", _victims("outbox/mapping.yaml")),
    "linked marker": _link("contacts/m2.csv.ok", lambda place: place.outside),
    "linked campaign": _link("campaigns/c1.yaml", _victims("inbox/campaigns/~$c.yaml")),
    "linked command": _link("commands/c2.yaml", lambda place: place.outside),
    "hard link to a victim's file": _hard("contacts/h1.csv", _SECRET),
    "hard link outside the bucket": _hard("contacts/h2.csv", lambda place: place.outside),
    "pipe": lambda place: os.mkfifo(place.contacts / "pipe.csv"),
    "socket": _socket,
    "character device": _device(0o020000, 1, 5),
    "block device": _device(0o060000, 7, 0),
    "a folder named like a file": lambda place: (place.contacts / "dir.csv").mkdir(),
    "a terabyte of nothing": _sparse,
    "new line": _named("a\nb.csv"),
    "carriage return and tab": _named("a\r\tb.csv"),
    "escape sequence": _named("\x1b[2Ja.csv"),
    "right-to-left mark": _named("\u202evsc.exe.csv"),
    "zero width": _named("mem\u200bbers.csv"),
    "no UTF-8": _named(b"mem\xff\xfebers.csv"),
    "255 bytes": _named("a" * 251 + ".csv"),
    "255 bytes of accents": _named("é" * 125 + ".csv"),
    "only dots": _named("...csv"),
    "an option": _named("-rf.csv"),
    "a shell command": _named("$(touch pwned)`touch pwned`;touch pwned.csv"),
    "SQL": _named("'; delete from contact; --.csv"),
    "percent-encoded": _named("%2e%2e%2fdupont%2finbox%2fx.csv"),
    "backslashes": _named("..\\..\\dupont\\x.csv"),
    "full-width dots": _named("．．／dupont／members.csv"),
    "another case": _named("MEMBERS.CSV", "CONTACTS"),
    "a case folded": _named("ſecret__K.csv"),
    "composed": _named(unicodedata.normalize("NFC", "été.csv")),
    "decomposed": _named(unicodedata.normalize("NFD", "été.csv")),
    "forty folders deep": _named("x.csv", "contacts/" + "/".join("d" * 40)),
    "a reserved name": _named("CON.csv"),
    "no name": _named(".csv"),
    "only marks": _named("\u0301\u0301.csv"),
    "a template in the name": _named("{{7*7}}${7*7}<script>x</script>.csv"),
    "a list of a victim by its path": _said(
        "t1.csv.mapping.yaml", "contacts", lambda p: _mapping(p, list="../dupont/members")
    ),
    "an answer for a victim's import": _said(
        "answer.yaml", "contacts", lambda p: _mapping(p, import_id=p.import_id)
    ),
    "a campaign over a victim's list": _said("c3.yaml", "campaigns", _campaign),
    "a campaign with a path": _said(
        "c4.yaml", "campaigns", lambda p: _campaign(p, campaign="../../dupont/x")
    ),
    "a victim's quote": _said(
        "c5.yaml", "campaigns", lambda p: _campaign(p, campaign="hello", quote_id=p.quote_id)
    ),
    "a YAML tag that calls": lambda place: (place.inbox / "campaigns/c6.yaml").write_text(
        "!!python/object/apply:os.system ['touch pwned']"
    ),
    "a YAML bomb": lambda place: (place.inbox / "campaigns/c7.yaml").write_text(_bomb()),
    "a victim's list deleted": _said(
        "d1.yaml", "commands", lambda p: _command(p, command="delete_list", list="members")
    ),
    "a victim's list exported": _said(
        "d2.yaml", "commands", lambda p: _command(p, command="export_list", list="members")
    ),
    "a list exported by its path": _said(
        "d3.yaml", "commands", lambda p: _command(p, command="export_list", list="../../dupont")
    ),
    "another client named": _said(
        "d4.yaml",
        "commands",
        lambda p: _command(
            p, command="preferences", client="dupont", preferences={"language": "en"}
        ),
    ),
}  # fmt: skip


def _bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


def _replaced(folder: str, by: str) -> Trick:
    """A folder of the attacker's own prefix is a link into the victim's."""

    def plant(place: Place) -> None:
        own = place.inbox.parent / folder
        own.rename(own.with_name(own.name + ".aside"))
        own.symlink_to(place.victim / by)

    return plant


#: These leave nothing else to do in the inbox, so each is tried alone.
ALONE: dict[str, tuple[str, Trick]] = {
    "inbox is the victim's": ("inbox", _replaced("inbox", "inbox")),
    "contacts is the victim's": ("inbox/contacts", _replaced("inbox/contacts", "inbox/contacts")),
    "outbox is the victim's": ("outbox", _replaced("outbox", "outbox")),
    "processed is the victim's": ("processed", _replaced("processed", "processed")),
    "quarantine is the victim's": ("quarantine", _replaced("quarantine", "quarantine")),
}
#: Keys that a store takes and a file system does not.
KEYS = (
    "contacts/a\x00b.csv",
    "contacts/\x00.csv",
    "contacts/a\nb.csv",
    "contacts//double.csv",
    "contacts/back\\slash.csv",
    "contacts/\u202evsc.csv",
    "contacts/" + "k" * 900 + ".csv",
    "contacts/x.csv/under.csv",
    "contacts/\ud800.csv",
    "contacts/%00.csv",
)
