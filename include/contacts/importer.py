"""One drop of contacts from the inbox to a list, or to the reason why not.

`import_upload` may be called again at any time, by anyone: it goes on where the upload stands and
changes nothing that is done.
"""

import logging
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2

from include.contacts import answers, blocklist, receipts, uploads
from include.contacts.confirming import confirmed_mapping
from include.contacts.expectations import broken_promises, too_many_refused, validate
from include.contacts.findings import Findings, Reading
from include.contacts.gates import Limits
from include.contacts.gx_library import warm_up
from include.contacts.loading import load
from include.contacts.mapping import Mapping, options_of
from include.contacts.proposal import REJECT_COLUMNS, propose
from include.contacts.refusal import RefusalError, quarantined
from include.contacts.rows import judge
from include.contacts.sandbox import Options, Reader
from include.contacts.shelf import shelve
from include.contacts.table import CellTable
from include.contacts.uploads import Upload, change_state, read_upload
from include.db import connect, kept_sessions, sql
from include.errors import InputError, SmsswitchError, TransientError
from include.logs import canonical
from include.settings import settings
from include.storage import Storage

log = logging.getLogger(__name__)
_OPEN = ["received", "awaiting_mapping", "mapping_submitted", "loading", "failed"]


class ImportFailedError(SmsswitchError):
    """A fault of ours interrupted an import; the client's receipt says so."""


def import_upload(
    upload_id: int, *, answer: dict[str, Any] | None = None, by: str = "client"
) -> dict[str, Any]:
    """Do whatever is to be done for one upload of kind contacts, mapping or blocklist.

    ``answer`` is a mapping document that ``by`` gave for a file that waits; somebody who was
    faster wins.

    The receipt document as it then stands; for a mapping, that of the import it answers. Whatever
    is wrong with the client's file ends in the receipt. Raises ``TransientError`` where trying
    again may help, ``ImportFailedError`` for a fault of ours.
    """
    with kept_sessions(), uploads.alone_with(upload_id):
        upload = read_upload(upload_id)
        storage = Storage(settings().bucket_url)
        if upload.kind == "mapping":
            return _answer(upload, storage)
        if upload.kind == "blocklist":
            return blocklist.apply(upload, storage)
        if upload.kind != "contacts":
            raise InputError("wrong_kind", f"upload {upload_id} is no contact file")
        if upload.is_told:
            if upload.in_inbox:
                shelve(storage, upload)
            return upload.receipt or {}
        sidecar = answers.find_sidecar(storage, upload)
        if answer and not sidecar and not upload.mapping:
            return _Import(upload, storage, answer=answer, by=by).run()
        if upload.state == "awaiting_mapping" and upload.receipt and not sidecar:
            return upload.receipt
        return _Import(upload, storage, sidecar=sidecar).run()


def _answer(upload: Upload, storage: Storage) -> dict[str, Any]:
    """Apply a mapping that was dropped for a file that waits."""
    if upload.is_told:
        return upload.receipt or {}
    try:
        document, target_id = answers.read_answer(upload, storage)
    except RefusalError as refusal:
        return answers.close(upload, storage, "rejected", refusal)
    with uploads.alone_with(target_id):
        target = read_upload(target_id)
        if target.mapping or target.is_final:
            answers.close(upload, storage, "duplicate", RefusalError("already_confirmed"))
            return target.receipt or {}
        work = _Import(target, storage, answer=document)
        receipt = work.run()
    fault = work.found.reason
    if fault is not None and fault.outcome == "awaiting_mapping":
        answers.close(upload, storage, "rejected", fault)
    else:
        answers.close(upload, storage, "loaded", None)
    return receipt


class _Import:
    """One run; ``found`` grows as the file gives itself away."""

    def __init__(
        self,
        upload: Upload,
        storage: Storage,
        *,
        sidecar: str | None = None,
        answer: dict[str, Any] | None = None,
        by: str = "client",
    ) -> None:
        self.upload, self.storage = upload, storage
        self.sidecar, self.document = sidecar, answer
        self.by = "sidecar" if sidecar else by
        self.found = Findings()
        self.settings = settings()

    def run(self) -> dict[str, Any]:
        """The receipt of the state it ends in."""
        with (
            Reader(self.upload.name) as reader,
            tempfile.TemporaryDirectory(prefix="smsswitch-") as folder,
        ):
            try:
                return self._steps(Path(folder), reader)
            except RefusalError as refusal:
                self.found.reason = refusal
                return self._settle(refusal.outcome, refusal.code)
            except (TransientError, psycopg2.OperationalError):
                raise
            except Exception as error:
                log.exception("import %s failed", self.upload.import_id)
                if not read_upload(self.upload.upload_id).is_final:
                    self.found = Findings(reason=RefusalError("internal_error"))
                    self._settle("failed", "internal_error")
                raise ImportFailedError(
                    f"import {self.upload.import_id} failed: {error}"
                ) from error

    def _steps(self, folder: Path, reader: Reader) -> dict[str, Any]:
        known = self.upload.mapping or self.sidecar or self.document
        if known or uploads.may_need_no_question(self.upload):
            warm_up()
        path = self._fetch(folder)
        fault = self._read_sidecar()
        reading = self._read(path, reader)
        if fault is not None:  # the file comes first in the order of complaint
            raise fault
        mapping = confirmed_mapping(self.upload, reading, self.document, self.by, self._tell)
        if mapping is None:
            return self._settle("awaiting_mapping", None)
        return self._load(reading, mapping)

    def _tell(self, mapping: Mapping) -> None:
        self.found.mapping = mapping

    def _fetch(self, folder: Path) -> Path:
        """The file as it was registered, on this machine; its name there is ours."""
        if self.upload.bytes > self.settings.max_file_bytes:
            raise quarantined("too_large", limit=self.settings.max_file_bytes >> 20)
        path = folder / "drop"
        try:
            digest = self.storage.download(self.upload.key, path)
        except FileNotFoundError:
            raise RefusalError("file_gone") from None
        if digest != self.upload.sha256:
            raise RefusalError("replaced")
        return path

    def _read_sidecar(self) -> RefusalError | None:
        if self.sidecar is None or self.upload.mapping:
            return None
        try:
            self.document = answers.read_sidecar(self.storage, self.upload, self.sidecar)
        except RefusalError as refusal:
            return refusal
        return None

    def _read(self, path: Path, reader: Reader) -> Reading:
        """Gate, parse, and see what the columns are."""
        stored = Mapping.from_document(self.upload.mapping) if self.upload.mapping else None
        options = options_of(self.document or {})
        if stored:
            options = Options(stored.sheet, stored.encoding, stored.delimiter)
        limits = Limits(self.settings.max_file_bytes, self.settings.max_rows)
        with self.found.timed("read"):
            cells = reader.read(path, path.parent, limits, options)
        table = _without_our_columns(CellTable(cells))
        file = (self.document or {}).get("file") or {}
        with self.found.timed("propose"):
            proposal = propose(
                table,
                region=stored.region if stored else file.get("default_region", "FR"),
                extra_valid_prefixes=self.settings.extra_valid_prefixes,
                header_row=stored.header_row if stored else file.get("header_row"),
            )
        self.found.reading = Reading(cells, table, proposal)
        if cells.other_sheets:
            self.found.notes.append(("other_sheets", {"sheets": ", ".join(cells.other_sheets)}))
        return self.found.reading

    def _load(self, reading: Reading, mapping: Mapping) -> dict[str, Any]:
        self.found.mapping = mapping
        self._begin_loading()
        with self.found.timed("judge"):
            self.found.verdicts = verdicts = judge(
                reading.table,
                mapping,
                reading.cells.path.parent,
                extra_valid_prefixes=self.settings.extra_valid_prefixes,
                opted_out=_opted_out(self.upload.client_id),
                refuse_formulas=self.upload.formula_like_text == "reject",
            )
        if verdicts.restored:
            self.found.notes.append(("leading_zero_restored", {"n": verdicts.restored}))
        check = partial(self._check, reading, mapping)
        if self.upload.state == "loaded":  # a crash came between the load and its receipt
            check()
            self.found.loaded = self.upload.counts
        else:
            with self.found.timed("load"):
                upload = replace(self.upload, fingerprint=reading.fingerprint)
                self.found.loaded = load(upload, reading.table, mapping, verdicts, check)
        if self.found.loaded["removed"]:
            self.found.notes.append(("removed", {"n": self.found.loaded["removed"]}))
        return self._settle("loaded", None)

    def _begin_loading(self) -> None:
        came_from = ["mapping_submitted", "loading", "failed"]
        with connect() as conn:
            change_state(conn, self.upload.upload_id, came_from, "loading")
        self.upload = read_upload(self.upload.upload_id)
        remembered = (self.upload.mapping_by or "").partition("remembered:")[2]
        if remembered:
            self.found.notes.append(("mapping_remembered", {"import_id": remembered}))
        receipts.write(self.storage, self.upload, self.found)

    def _check(self, reading: Reading, mapping: Mapping) -> None:
        """What takes time and needs no database, while that is at work."""
        self._validate(reading, mapping)
        if self.found.counts()["rejected"]:
            receipts.rejects_folder(self.upload, self.found)

    def _validate(self, reading: Reading, mapping: Mapping) -> None:
        verdicts = self.found.verdicts
        assert verdicts is not None
        ratio = mapping.max_reject_ratio
        if ratio is None:
            ratio = float(self.upload.max_reject_ratio)
        with self.found.timed("validate"):
            validation = validate(reading.table, mapping, verdicts, ratio)
        self.found.validation = validation
        rows, unusable = len(verdicts.codes), self.found.unusable()
        if too_many_refused(validation):
            raise RefusalError("too_many_rejects", rejected=unusable, rows=rows)
        if unusable == rows:
            raise RefusalError("no_valid_rows")
        if broken := broken_promises(validation):
            raise ImportFailedError(f"rows about to be loaded break {', '.join(broken)}")

    def _settle(self, state: str, reason: str | None) -> dict[str, Any]:
        """The state that this run ends in, told to the client; a finished file leaves the inbox."""
        if state != "loaded":
            with connect() as conn:
                change_state(conn, self.upload.upload_id, _OPEN, state, reason)
        self.upload = read_upload(self.upload.upload_id)
        receipt = receipts.write(self.storage, self.upload, self.found)
        uploads.keep_receipt(
            self.upload.upload_id,
            receipt,
            fingerprint=self.found.reading.fingerprint if self.found.reading else None,
            validation=self.found.validation,
        )
        if self.sidecar and state != "failed":
            answers.shelve_sidecar(self.storage, self.upload, self.sidecar)
        if self.upload.is_final:
            shelve(self.storage, self.upload, receipt["reason"])
        counts = receipt["counts"]
        canonical(
            log,
            "contacts.import",
            import_id=self.upload.import_id,
            client=self.upload.client,
            state=state,
            reason=reason,
            rows=counts["rows"],
            loaded=counts["loaded"],
            rejected=counts["rejected"],
            seconds=receipt["timings"]["seconds"]["total"],
        )
        return receipt


def _without_our_columns(table: CellTable) -> CellTable:
    """A corrected file of refused rows still carries our three columns at its end."""
    own = len(REJECT_COLUMNS)
    tail = [column[0] for column in table.head(1).columns[-own:]]
    if tuple(tail) == REJECT_COLUMNS and table.width > own:
        table.narrow(table.width - own)
    return table


def _opted_out(client_id: int) -> Any:
    with connect() as conn, conn.cursor() as cur:
        cur.execute(sql("contacts/list_opt_outs"), {"client_id": client_id})
        return np.array([row[0] for row in cur.fetchall()], np.int64)
