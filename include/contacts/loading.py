"""The good rows of one file into its list, in one transaction.

A list without contacts is filled by COPY; otherwise the rows go to a staging table and are merged.
"""

import json
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import pyarrow as pa
import pyarrow.csv
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from include.contacts.mapping import Mapping
from include.contacts.ordered import good_rows
from include.contacts.refusal import RefusalError
from include.contacts.rows import Verdicts, e164
from include.contacts.table import CellTable
from include.contacts.uploads import Upload, change_state
from include.db import connect, sql
from include.db.audit import record

_Item = TypeVar("_Item")
_SENT_BYTES = 8 * 1024 * 1024
_FIELDS = ("first_name", "last_name", "variable1", "variable2")


def load(
    upload: Upload,
    table: CellTable,
    mapping: Mapping,
    verdicts: Verdicts,
    check: Callable[[], None],
) -> dict[str, int]:
    """Load and close the upload in one transaction; ``{loaded, updated, unchanged, removed}``.

    ``check`` is called while PostgreSQL loads; whatever it raises undoes the load. Raises
    ``RefusalError`` (``list_in_use``) where mode replace would take contacts away from a campaign
    that is under way; then nothing has changed.
    """
    with connect() as conn:
        found = _lock_list(conn, upload, mapping)
        if found.campaign and mapping.mode == "replace":
            check()
            raise RefusalError("list_in_use", list=mapping.list_name, campaign=found.campaign)
        rows = good_rows(table, mapping, verdicts)
        fill = _fill if found.is_empty else _merge
        with ThreadPoolExecutor(1) as beside:
            filling = beside.submit(fill, conn, rows, found.list_id, upload, mapping)
            try:
                check()
            except BaseException:
                conn.cancel()
                raise
            counts = filling.result()
        _remember(conn, upload, mapping, counts)
        if not change_state(conn, upload.upload_id, ["loading"], "loaded"):
            raise RuntimeError(f"{upload.import_id} left state loading while it was loaded")
    return counts


@dataclass(frozen=True)
class _Found:
    """The list as it is now, locked, and a campaign that still needs its contacts."""

    list_id: int
    is_empty: bool
    campaign: str | None


def _lock_list(conn: Connection, upload: Upload, mapping: Mapping) -> _Found:
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
        cur.execute("select not exists (select from contact where list_id = %s)", (list_id,))
        is_empty = bool(cur.fetchone()[0])  # type: ignore[index]
        cur.execute(sql("contacts/campaign_using_list"), {"list_id": list_id})
        using = cur.fetchone()
    return _Found(list_id, is_empty, using[0] if using else None)


def _fill(
    conn: Connection, rows: Iterator[pa.Table], list_id: int, upload: Upload, mapping: Mapping
) -> dict[str, int]:
    """Into a list without contacts, which stays locked: nothing can be there already."""
    same: dict[str, Any] = {"list_id": list_id, "upload_id": upload.upload_id}
    if mapping.consent:
        same["consent"] = json.dumps(mapping.consent)
    loaded = _copy(conn, "contact", rows, mapping, same)
    return {"loaded": loaded, "updated": 0, "unchanged": 0, "removed": 0}


def _copy(
    conn: Connection, into: str, rows: Iterator[pa.Table], mapping: Mapping, same: dict[str, Any]
) -> int:
    """The rows, each with ``same`` besides, into a table; how many they were."""
    count = 0
    with conn.cursor() as cur, closing(_ahead(_written(rows, mapping, same))) as portions:
        for columns, data in portions:
            statement = f"copy {into} ({columns}) from stdin (format csv, delimiter E'\\t')"
            cur.copy_expert(statement, data, _SENT_BYTES)
            count += cur.rowcount
    return count


def _written(
    portions: Iterator[pa.Table], mapping: Mapping, same: dict[str, Any]
) -> Iterator[tuple[str, pa.BufferReader]]:
    for rows in portions:
        columns = {"row_number": rows["row_number"], "msisdn": e164(rows["number"].to_numpy())}
        columns |= {to: rows[to] for to in mapping.texts if to in _FIELDS}
        if mapping.variables:
            own = rows.select(mapping.variables).to_pylist()
            columns["variables"] = pa.array(
                [json.dumps({k: v for k, v in row.items() if v is not None}) for row in own],
                pa.string(),
            )
        columns |= {name: pa.repeat(value, len(rows)) for name, value in same.items()}
        yield ", ".join(columns), pa.BufferReader(_tabbed(pa.table(columns)))


def _tabbed(rows: pa.Table) -> pa.Buffer:
    """The rows as CSV, in quotes only where a text needs some: both ends are quicker without."""
    try:
        return _as_csv(rows, "none")
    except pa.ArrowInvalid:
        return _as_csv(rows, "needed")


def _as_csv(rows: pa.Table, quotes: Literal["none", "needed"]) -> pa.Buffer:
    out = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style=quotes)
    pyarrow.csv.write_csv(rows, out, options)
    return out.getvalue()


def _ahead(items: Iterator[_Item]) -> Generator[_Item, None, None]:
    """The same items, each made while the one before it is used."""
    with ThreadPoolExecutor(1) as beside:
        following = beside.submit(next, items, None)
        while (item := following.result()) is not None:
            following = beside.submit(next, items, None)
            yield item


def _merge(
    conn: Connection, rows: Iterator[pa.Table], list_id: int, upload: Upload, mapping: Mapping
) -> dict[str, int]:
    """Into a list that has contacts: beside it first, then what is new and what has changed."""
    replace = mapping.mode == "replace"
    values = {
        "list_id": list_id,
        "upload_id": upload.upload_id,
        "fields": list(_FIELDS) if replace else [f for f in _FIELDS if f in mapping.texts],
        "consent": Json(mapping.consent) if mapping.consent else None,
    }
    counts = {"loaded": 0, "updated": 0, "removed": 0}
    with conn.cursor() as cur:
        cur.execute(sql("contacts/create_staging"))
        staged = _copy(conn, "staging_contact", rows, mapping, {})
        cur.execute("analyze staging_contact")
        if mapping.mode != "append":
            cur.execute(sql("contacts/update_known"), values)
            counts["updated"] = cur.rowcount
        cur.execute(sql("contacts/insert_new"), values)
        counts["loaded"] = cur.rowcount
        if replace:
            cur.execute(sql("contacts/delete_missing"), values)
            counts["removed"] = cur.rowcount
    return {**counts, "unchanged": staged - counts["loaded"] - counts["updated"]}


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
