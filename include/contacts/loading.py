"""The good rows of one file into its list: COPY into a staging table, one merge, one transaction."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.contacts.mapping import Mapping
from include.contacts.refusal import RefusalError
from include.contacts.rows import Verdicts, clean_text, e164, numbered_slices
from include.contacts.table import CellTable
from include.contacts.uploads import Upload, change_state
from include.db import connect, sql
from include.db.audit import record

_SENT_BYTES = 1024 * 1024
_FIELDS = ("first_name", "last_name", "variable1", "variable2")


def load(
    upload: Upload,
    table: CellTable,
    mapping: Mapping,
    verdicts: Verdicts,
    check: Callable[[], None],
) -> dict[str, int]:
    """Load and close the upload in one transaction; ``{loaded, updated, unchanged, removed}``.

    ``check`` is called while PostgreSQL merges; whatever it raises undoes the load. Raises
    ``RefusalError`` (``list_in_use``) where mode replace would take contacts away from a campaign
    that is under way; then nothing has changed.
    """
    with connect() as conn:
        list_id, using = _lock_list(conn, upload, mapping)
        if using and mapping.mode == "replace":
            check()
            raise RefusalError("list_in_use", list=mapping.list_name, campaign=using)
        staged = _stage(conn, table, mapping, verdicts)
        with ThreadPoolExecutor(1) as beside:
            merging = beside.submit(_merge, conn, list_id, upload, mapping)
            try:
                check()
            except BaseException:
                conn.cancel()
                raise
            counts = merging.result()
        counts["unchanged"] = staged - counts["loaded"] - counts["updated"]
        _remember(conn, upload, mapping, counts)
        if not change_state(conn, upload.upload_id, ["loading"], "loaded"):
            raise RuntimeError(f"{upload.import_id} left state loading while it was loaded")
    return counts


def _lock_list(conn: Connection, upload: Upload, mapping: Mapping) -> tuple[int, str | None]:
    """The list, and a campaign that still needs its contacts."""
    with conn.cursor() as cur:
        cur.execute(
            sql("contacts/ensure_list"),
            {
                "client_id": upload.client_id,
                "name": mapping.list_name,
                "label": mapping.label or upload.label,
                "variables": mapping.variables,
            },
        )
        list_id = int(cur.fetchone()[0])  # type: ignore[index]
        cur.execute(sql("contacts/campaign_using_list"), {"list_id": list_id})
        using = cur.fetchone()
    return list_id, using[0] if using else None


def _stage(conn: Connection, table: CellTable, mapping: Mapping, verdicts: Verdicts) -> int:
    staged = 0
    with conn.cursor() as cur:
        cur.execute(sql("contacts/create_staging"))
        for part, numbers, codes in numbered_slices(table, mapping, verdicts):
            good = np.flatnonzero(codes == 0)
            rows = _staging_rows(part.take(pa.array(good)), numbers[good], mapping)
            buffer = pa.BufferOutputStream()
            pyarrow.csv.write_csv(rows, buffer, pyarrow.csv.WriteOptions(include_header=False))
            columns = ", ".join(rows.column_names)
            cur.copy_expert(
                f"copy staging_contact ({columns}) from stdin (format csv)",
                pa.BufferReader(buffer.getvalue()),
                size=_SENT_BYTES,
            )
            staged += len(good)
        cur.execute("analyze staging_contact")
    return staged


def _staging_rows(part: pa.RecordBatch, numbers: Any, mapping: Mapping) -> pa.Table:
    columns = {"row_number": part["row"], "msisdn": e164(numbers)}
    texts = {to: clean_text(part[f"c{i}"]) for to, i in mapping.texts.items()}
    columns |= {to: text for to, text in texts.items() if to in _FIELDS}
    if mapping.variables:
        own = pa.table({to: texts[to] for to in mapping.variables}).to_pylist()
        columns["variables"] = pa.array(
            [json.dumps({k: v for k, v in row.items() if v is not None}) for row in own],
            pa.string(),
        )
    return pa.table(columns)


def _merge(conn: Connection, list_id: int, upload: Upload, mapping: Mapping) -> dict[str, int]:
    replace = mapping.mode == "replace"
    values = {
        "list_id": list_id,
        "upload_id": upload.upload_id,
        "fields": list(_FIELDS) if replace else [f for f in _FIELDS if f in mapping.texts],
        "consent": Json(mapping.consent) if mapping.consent else None,
    }
    counts = {"loaded": 0, "updated": 0, "removed": 0}
    with conn.cursor() as cur:
        if mapping.mode != "append":
            cur.execute(sql("contacts/update_known"), values)
            counts["updated"] = cur.rowcount
        cur.execute(sql("contacts/insert_new"), values)
        counts["loaded"] = cur.rowcount
        if replace:
            cur.execute(sql("contacts/delete_missing"), values)
            counts["removed"] = cur.rowcount
    return counts


def _remember(conn: Connection, upload: Upload, mapping: Mapping, counts: dict[str, int]) -> None:
    with conn.cursor() as cur:
        cur.execute(
            sql("contacts/keep_counts"), {"upload_id": upload.upload_id, "counts": Json(counts)}
        )
        if upload.fingerprint:
            cur.execute(
                sql("contacts/remember_mapping"),
                {
                    "client_id": upload.client_id,
                    "fingerprint": upload.fingerprint,
                    "mapping": Json(mapping.document()),
                    "import_id": upload.import_id,
                },
            )
    record(
        conn,
        f"client:{upload.client}",
        "contacts.loaded",
        upload.import_id,
        list=mapping.list_name,
        mapping_by=upload.mapping_by,
        **counts,
    )
