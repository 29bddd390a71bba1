"""The one receipt of each drop, rewritten at every change of its state: a document and its page."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from include.contacts.findings import NO_COUNTS, Findings
from include.contacts.receipt_files import (
    REJECTS,
    mapping_yaml,
    preview_csv,
    write_rejects,
)
from include.contacts.refusal import RefusalError
from include.contacts.shelf import encoded
from include.contacts.uploads import Upload, keep_receipt
from include.db import connect, sql
from include.pages import Column, render, words
from include.pages.long_table import column_letter
from include.settings import settings
from include.storage import Storage

SCHEMA = "receipt/1"
ERRORS_ON_PAGE = 20
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WAITING = ("received", "mapping_submitted", "loading")


def folder(upload: Upload) -> str:
    """Where the receipt of a contact file and its companions lie."""
    return f"clients/{upload.client}/outbox/imports/{upload.import_id}"


def document(upload: Upload, found: Findings) -> dict[str, Any]:
    """``receipt.json`` as it stands now."""
    rejects = found.verdicts is not None and bool(found.verdicts.rejected_by())
    return {
        "schema": SCHEMA,
        "import_id": upload.import_id,
        "client": upload.client,
        "list": upload.list_name,
        "file": _file(upload, found),
        "state": upload.state,
        "reason": reason_document(found.reason),
        "columns": _columns(found),
        "counts": found.counts(),
        "rejects_url": f"{folder(upload)}/rejects.xlsx" if rejects else None,
        "next_step": _next_step(upload, rejects),
        "notes": [_in_both(f"note.{key}", {"code": key, **facts}) for key, facts in found.notes],
        "timings": {
            "received_at": upload.created_at.isoformat(),
            "written_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "seconds": found.timings(),
        },
    }


def reason_document(reason: RefusalError | None) -> dict[str, Any] | None:
    """A refusal for programs and, in both languages, for people."""
    if reason is None:
        return None
    facts = {k: visible(v) if isinstance(v, str) else v for k, v in reason.facts.items()}
    told = _in_both(f"reason.{reason.text}", facts)
    sentences = {key: told[key] for key in ("message_fr", "message_en")}
    return {"code": reason.code, "column": reason.column, **sentences}


def _in_both(key: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        **facts,
        "message_fr": words("fr")(key, **facts),
        "message_en": words("en")(key, **facts),
    }


def visible(text: str | None) -> str | None:
    """A cell as documents and pages can hold it: control characters show as U+FFFD."""
    return text and _CONTROLS.sub("\ufffd", text)


def _file(upload: Upload, found: Findings) -> dict[str, Any]:
    cells = found.reading.cells if found.reading else None
    return {
        "name": upload.name,
        "sha256": upload.sha256,
        "bytes": upload.bytes,
        "format": cells.format if cells else None,
        "encoding": cells.encoding if cells else None,
        "delimiter": cells.delimiter if cells else None,
        "sheet": cells.sheet if cells else None,
        "header_row": found.reading.proposal.header_row if found.reading else None,
    }


def _columns(found: Findings) -> list[dict[str, Any]]:
    if found.reading is None:
        return []
    chosen = found.mapping.targets if found.mapping else None
    samples = found.reading.preview.columns
    return [
        {
            "index": column.index,
            "header": visible(column.header),
            "to": column.to if chosen is None else chosen.get(column.index, "ignore"),
            "confidence": column.confidence if chosen is None else 1.0,
            "sample": [visible(value) for value in samples[column.index - 1]],
        }
        for column in found.reading.proposal.columns
    ]


def _next_step(upload: Upload, rejects: bool) -> str | None:
    t = words(upload.language)
    if upload.state == "awaiting_mapping":
        return t("receipt.next.confirm_mapping")
    if upload.state in ("rejected", "quarantined"):
        return t("receipt.next.correct_file")
    if upload.state == "loaded" and rejects:
        return t("receipt.next.correct_rows")
    return t("receipt.next.wait") if upload.state in _WAITING else None


def write(storage: Storage, upload: Upload, found: Findings) -> dict[str, Any]:
    """Write the receipt and its companions; the document."""
    receipt = document(upload, found)
    place = folder(upload)
    reading, mapping = found.reading, found.mapping
    if reading:
        storage.write_text(f"{place}/preview.csv", preview_csv(reading))
        storage.write_text(f"{place}/mapping.yaml", mapping_yaml(upload, reading, mapping))
    if reading and mapping and receipt["rejects_url"]:
        made = rejects_folder(upload, found)
        for name in REJECTS:
            storage.upload(f"{place}/{name}", made / name)
    _write_page(storage, upload, receipt, found)
    return receipt


def rejects_folder(upload: Upload, found: Findings) -> Path:
    """Where the files of refused rows lie on this machine, made at the first call."""
    if found.reading is None:
        raise ValueError("nothing has been read")
    made = found.reading.cells.path.parent
    if not (made / REJECTS[-1]).exists():
        with found.timed("rejects"):
            write_rejects(made, found, upload.language)
    return made


def remind(storage: Storage, upload: Upload, until: datetime) -> None:
    """Write the receipt of a file that waits again, saying until when it does."""
    receipt = dict(upload.receipt or {})
    told = _in_both("note.reminder", {"code": "reminder", "day": until.date().isoformat()})
    receipt["notes"] = [*receipt["notes"], told]
    written_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    receipt["timings"] = {**receipt["timings"], "written_at": written_at}
    _write_page(storage, upload, receipt, Findings())
    keep_receipt(upload.upload_id, receipt)


def write_bare(storage: Storage, upload: Upload, reason: RefusalError | None) -> dict[str, Any]:
    """The receipt of a file of which nothing has been read."""
    return write(storage, upload, Findings(reason=reason))


def _write_page(storage: Storage, upload: Upload, receipt: dict[str, Any], found: Findings) -> None:
    t = words(upload.language)
    rows = [
        {
            "row": r.row,
            "code": r.code,
            "reason": t(f"reason.{r.code}"),
            "written": " | ".join(visible(cell) or "" for cell in r.cells),
        }
        for r in islice(found.refused_rows(), ERRORS_ON_PAGE)
    ]
    by_code = [
        {"reason": t(f"reason.{code}"), "code": code, "count": count}
        for code, count in sorted(receipt["counts"]["rejected_by"].items(), key=lambda i: -i[1])
    ]
    page = render(
        "receipt",
        upload.language,
        zone=settings().timezone,
        receipt=receipt,
        outcome=_outcome(upload, receipt),
        reason=(receipt["reason"] or {}).get(f"message_{upload.language}"),
        notes=[note[f"message_{upload.language}"] for note in receipt["notes"]],
        columns=_table_columns(t),
        targets=[{**c, "confidence": c["confidence"] * 100} for c in receipt["columns"]],
        cells=[
            Column(str(c["index"]), c["header"] or column_letter(c["index"]))
            for c in receipt["columns"]
        ],
        first_rows=_first_rows(receipt["columns"]),
        judged=found.verdicts is not None,
        refusal_columns=_refusal_columns(t),
        refusals=by_code,
        row_columns=_row_columns(t),
        rows=rows,
        files=_links(receipt, bool(receipt["columns"]), t),
        credit=_credit(upload.client_id),
        received_at=upload.created_at,
    )
    storage.write_text(f"{folder(upload)}/receipt.html", page)
    storage.write_bytes(f"{folder(upload)}/receipt.json", _json(receipt))


def _first_rows(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The samples of the columns turned into rows."""
    samples = {str(column["index"]): column["sample"] for column in columns}
    height = max((len(sample) for sample in samples.values()), default=0)
    return [{index: sample[i] for index, sample in samples.items()} for i in range(height)]


def _json(receipt: dict[str, Any]) -> bytes:
    return json.dumps(receipt, ensure_ascii=False, indent=2).encode()


def _outcome(upload: Upload, receipt: dict[str, Any]) -> str:
    counts = receipt["counts"]
    t = words(upload.language)
    return t(
        f"receipt.{upload.state}",
        n=counts["loaded"] + counts["updated"] + counts["unchanged"],
        file=upload.name,
        list=upload.list_name,
        refused=t("receipt.refused_count", n=counts["rejected"]),
    )


def _table_columns(t: Any) -> list[Column]:
    return [
        Column("index", t("receipt.column"), "number"),
        Column("header", t("receipt.header")),
        Column("to", t("receipt.to"), "code"),
        Column("confidence", t("receipt.confidence"), "percent"),
    ]


def _refusal_columns(t: Any) -> list[Column]:
    return [
        Column("reason", t("receipt.reason")),
        Column("code", t("receipt.code"), "code"),
        Column("count", t("receipt.count"), "number"),
    ]


def _row_columns(t: Any) -> list[Column]:
    return [
        Column("row", t("receipt.row"), "number"),
        Column("reason", t("receipt.reason")),
        Column("code", t("receipt.code"), "code"),
        Column("written", t("receipt.written")),
    ]


def _links(receipt: dict[str, Any], read: bool, t: Any) -> list[dict[str, str]]:
    names = {"receipt.json": "json"}
    if read:
        mapping = "mapping" if receipt["state"] == "awaiting_mapping" else "confirmed"
        names = {"mapping.yaml": mapping, "preview.csv": "preview", **names}
    if receipt["rejects_url"]:
        names = {"rejects.xlsx": "rejects", **names}
    return [{"name": n, "href": n, "about": t(f"receipt.files.{key}")} for n, key in names.items()]


def _credit(client_id: int) -> Decimal:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("contacts/client_credit"), {"client_id": client_id})
        row = cur.fetchone()
    return row[0] if row else Decimal(0)


def drop_document(upload: Upload, reason: RefusalError | None, **facts: Any) -> dict[str, Any]:
    """The receipt of a mapping, blocklist or command file."""
    return {
        "schema": SCHEMA,
        "import_id": upload.import_id,
        "client": upload.client,
        "list": upload.list_name,
        "file": {"name": upload.name, "sha256": upload.sha256, "bytes": upload.bytes},
        "state": upload.state,
        "reason": reason_document(reason),
        "counts": {**NO_COUNTS, **facts},
    }


def write_drop(storage: Storage, upload: Upload, receipt: dict[str, Any]) -> None:
    """Where receipts of files other than contacts lie: one per file name, the last drop counts."""
    key = f"clients/{upload.client}/outbox/receipts/{encoded(upload.name)}.json"
    storage.write_bytes(key, _json(receipt))
