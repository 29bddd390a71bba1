"""Blocklist files: numbers that a client never wants texted again."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
        digest = storage.download(upload.key, path)
    except FileNotFoundError:
        raise RefusalError("file_gone") from None
    if digest != upload.sha256:
        raise RefusalError("replaced")
    limits = Limits(chosen.max_file_bytes, chosen.max_rows)
    table = CellTable(read_cells(path, upload.name, folder, limits))
    extra = chosen.extra_valid_prefixes
    proposal = propose(table, region="FR", extra_valid_prefixes=extra)
    alone = (
        1 if len(proposal.columns) == 1 else None
    )  # one number a line, whatever else stands there
    phone = next((c.index for c in proposal.columns if c.to == "phone"), alone)
    if phone is None:
        raise RefusalError("phone_required")
    numbers, codes = _judged(table, proposal.first_data_row, phone)
    with connect() as conn, conn.cursor() as cur:
        cur.execute(
            sql("contacts/add_opt_outs"),
            {
                "client_id": upload.client_id,
                "source": f"blocklist:{upload.import_id}",
                "numbers": e164(numbers).to_pylist(),
            },
        )
        added = cur.rowcount
    bad = {CODES[code]: int(n) for code, n in enumerate(np.bincount(codes)) if code and n}
    return {
        "rows": len(codes),
        "loaded": added,
        "unchanged": len(numbers) - added,
        "rejected": sum(bad.values()),
        "rejected_by": dict(sorted(bad.items())),
    }


def _judged(
    table: CellTable, first_row: int, column: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The distinct numbers of a column, and the code of each of its rows."""
    numbers, codes = np.zeros(0, np.int64), [np.zeros(0, np.uint8)]
    for part in table.slices(first_row):
        done = normalise(
            part[f"c{column}"],
            accept=_ANY_KIND,
            extra_valid_prefixes=settings().extra_valid_prefixes,
        )
        numbers = np.union1d(numbers, done.numbers[done.numbers > 0])
        codes.append(done.codes)
    return numbers, np.concatenate(codes)
