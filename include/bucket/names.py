"""What the place and the name of a dropped file say: its kind, its list, or that it is none of ours."""

import unicodedata
from dataclasses import dataclass

from slugify import slugify

from include.contacts.refusal import RefusalError, quarantined

MARKER = ".ok"
_UNFINISHED = (".part", ".filepart", ".tmp", ".crdownload")
_KINDS = {
    "contacts": "contacts",
    "campaigns": "campaign",
    "blocklist": "blocklist",
    "commands": "command",
}
#: Where clients drop things.
FOLDERS = tuple(_KINDS)
_MAX_NAME_BYTES = 255
_MAX_SLUG = 63


@dataclass(frozen=True)
class Named:
    """What a file is by its name; ``refusal`` where it cannot be taken under that name."""

    kind: str
    list_name: str | None = None
    label: str | None = None
    refusal: RefusalError | None = None


def is_ignored(name: str) -> bool:
    """Whether it is a program's own file or an unfinished transfer, not a drop."""
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)


def named(place: str) -> Named:
    """What ``place``, a path under a client's ``inbox/``, is."""
    folder, _, name = place.rpartition("/")
    kind = _KINDS.get(folder)
    if not _is_sound(name):
        return Named(kind or "contacts", refusal=quarantined("bad_file_name"))
    if kind is None:
        return Named("contacts", refusal=quarantined("wrong_folder"))
    if kind != "contacts":
        return Named(kind)
    if name.lower().endswith((".yaml", ".yml")):
        return Named("mapping")
    list_name, label = list_and_label(name)
    if not list_name:
        return Named("contacts", refusal=quarantined("bad_file_name"))
    return Named("contacts", list_name, label)


def list_and_label(name: str) -> tuple[str, str]:
    """``Clients Été__mars.xlsx`` is for list ``clients-ete``, labelled ``Clients Été mars``."""
    stem = name.rpartition(".")[0] or name
    before, _, after = stem.partition("__")
    slug = slugify(before, regex_pattern=r"[^-a-z0-9_]+", max_length=_MAX_SLUG).strip("-_")
    return slug, f"{before} {after}".strip()[:120]


def _is_sound(name: str) -> bool:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # bytes that are no UTF-8, as a file system may hold them
        return False
    odd = any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn") for char in name)
    return bool(name) and size <= _MAX_NAME_BYTES and not odd and name != ".." and "\\" not in name
