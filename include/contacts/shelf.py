"""Where a client's file goes once nothing more happens to it: out of the inbox, never deleted."""

import json
import logging
from contextlib import suppress
from urllib.parse import quote

from include.contacts.uploads import Upload
from include.db import connect, sql
from include.errors import InputError
from include.storage import Storage

log = logging.getLogger(__name__)
_SAFE = " ()[]+,@=&'!éèêëàâäîïôöùûüçÉÈÀÇ"
_MAX_NAME = 120


def shelve(storage: Storage, upload: Upload, reasons: dict[str, object] | None = None) -> None:
    """Move the file of a finished upload to ``processed/`` or ``quarantine/``.

    A file that was replaced meanwhile stays: it is another drop. Safe to call twice.
    """
    if upload.in_inbox and _still_the_same(storage, upload):
        # Another process may be doing the same.
        with suppress(FileNotFoundError):
            storage.move(upload.key, shelf_key(upload, upload.name))
    if upload.state == "quarantined" and reasons is not None:
        text = json.dumps(reasons, ensure_ascii=False, indent=2)
        storage.write_text(f"{_folder(upload)}/reasons.json", text)
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("contacts/mark_shelved"), {"upload_id": upload.upload_id})


def shelf_key(upload: Upload, name: str) -> str:
    """Where a file of that name is kept; odd characters are written as %XX."""
    return f"{_folder(upload)}/{encoded(name)}"


def encoded(name: str) -> str:
    """A file's name that shows every character it has and can do no harm."""
    return quote(name, safe=_SAFE, errors="replace")[:_MAX_NAME] or "_"


def _folder(upload: Upload) -> str:
    if upload.state == "quarantined":
        return f"clients/{upload.client}/quarantine/{upload.import_id}"
    return f"clients/{upload.client}/processed/{upload.created_at:%Y/%m}/{upload.import_id}"


def _still_the_same(storage: Storage, upload: Upload) -> bool:
    try:
        return storage.digest(upload.key) == upload.sha256
    except FileNotFoundError:
        return False
    except (InputError, OSError) as error:
        log.warning("upload %s cannot be moved: %s", upload.import_id, error)
        return False
