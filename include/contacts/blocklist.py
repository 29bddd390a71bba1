"""Blocklist files: numbers that a client never wants texted again."""

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.contacts.answers import close
from include.contacts.gates import Limits
from include.contacts.proposal import propose
from include.contacts.refusal import RefusalError
from include.contacts.rows import e164
from include.contacts.sandbox import read_cells
from include.contacts.table import CellTable
from include.contacts.uploads import Upload
from include.db import connect, sql
from include.phones import CODES, normalise
from include.settings import settings
from include.storage import Storage

_ANY_KIND = ("mobile", "fixed", "voip", "foreign")


def apply(upload: Upload, storage: Storage) -> dict[str, Any]:
    """Take the numbers of a blocklist file; its receipt."""
    if upload.is_final and upload.receipt:
        return upload.receipt
    try:
        with tempfile.TemporaryDirectory(prefix="smsswitch-") as folder:
            counts = _take(upload, storage, Path(folder))
    except RefusalError as refusal:
        state = "quarantined" if refusal.outcome == "quarantined" else "rejected"
        return close(upload, storage, state, refusal)
    return close(upload, storage, "loaded", None, **counts)


def _take(upload: Upload, storage: Storage, folder: Path) -> dict[str, Any]:
    chosen = settings()
    path = folder / "drop"
    try:
        path.write_bytes(storage.read_bytes(upload.key))
    except FileNotFoundError:
        raise RefusalError("file_gone") from None
    limits = Limits(chosen.max_file_bytes, chosen.max_rows)
    table = CellTable(read_cells(path, upload.name, folder, limits))
    extra = chosen.extra_valid_prefixes
    proposal = propose(table, region="FR", extra_valid_prefixes=extra)
    phone = next((c.index for c in proposal.columns if c.to == "phone"), None)
    if phone is None:
        raise RefusalError("phone_required")
    column = table.data(proposal.first_data_row)[f"c{phone}"].combine_chunks()
    done = normalise(column.cast(pa.string()), accept=_ANY_KIND, extra_valid_prefixes=extra)
    numbers = sorted(set(e164(done.numbers[done.numbers > 0]).to_pylist()))
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/add_opt_outs"),
            {
                "client_id": upload.client_id,
                "source": f"blocklist:{upload.import_id}",
                "numbers": numbers,
            },
        )
        added = cur.rowcount
    bad = [CODES[code] for code in done.codes if code]
    return {
        "rows": len(done.codes),
        "loaded": added,
        "unchanged": len(numbers) - added,
        "rejected": len(bad),
        "rejected_by": {code: bad.count(code) for code in sorted(set(bad))},
    }
