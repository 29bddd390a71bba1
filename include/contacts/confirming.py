"""How the columns of a file come to be confirmed: the first way that applies wins."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from include.contacts import uploads
from include.contacts.findings import Reading
from include.contacts.mapping import Mapping, mapping_from, proposed_columns
from include.contacts.refusal import RefusalError, quarantined
from include.contacts.uploads import Upload

#: Told before it is committed which mapping it will be, so that a refusal can show it.
Tell = Callable[[Mapping], None]


def confirmed_mapping(
    upload: Upload, reading: Reading, document: dict[str, Any] | None, by: str, tell: Tell
) -> Mapping | None:
    """The mapping to load with, committed; ``None`` = the client is to be asked.

    ``document`` is a mapping file that came with the drop or answers it (``by`` says which); then
    a mapping remembered for this header counts; then the proposal, where the client trusts it.
    Raises ``RefusalError`` for what can be loaded in no way, or was loaded before.
    """
    if upload.mapping:
        return Mapping.from_document(upload.mapping)
    if document and document.get("columns"):
        if document.get("confirmed") is False:
            return None
        return _commit(
            upload, reading, mapping_from(document, document["columns"], reading.proposal), by, tell
        )
    remembered = _remembered(upload, reading)
    if remembered:
        mapping, import_id = remembered
        return _commit(upload, reading, mapping, f"remembered:{import_id}", tell)
    _check_policy(upload, reading)
    if upload.auto_confirm == "high_confidence" and reading.proposal.is_certain:
        plain = document or {"list": upload.list_name}
        proposed = mapping_from(plain, proposed_columns(reading.proposal), reading.proposal)
        return _commit(upload, reading, proposed, "auto", tell)
    if first := uploads.same_content(upload, None):
        raise duplicate_of(first[0])
    return None


def _commit(upload: Upload, reading: Reading, mapping: Mapping, by: str, tell: Tell) -> Mapping:
    check_filled(reading, set(mapping.columns.values()))
    tell(mapping)
    if first := uploads.same_content(upload, mapping):
        raise duplicate_of(first[0])
    if uploads.confirm(upload.upload_id, mapping, by):
        return mapping
    other = uploads.read_upload(upload.upload_id).mapping
    return Mapping.from_document(other) if other else mapping


def duplicate_of(import_id: str) -> RefusalError:
    """The refusal of what ``import_id`` brought already."""
    return RefusalError("duplicate", outcome="duplicate", first=import_id)


def _remembered(upload: Upload, reading: Reading) -> tuple[Mapping, str] | None:
    known = uploads.recall(upload.client_id, reading.fingerprint)
    if known is None:
        return None
    mapping, import_id = known
    proposed = {c.index for c in reading.proposal.columns if c.to == "phone"}
    # Files without a header all look alike: the numbers must stand where they stood.
    if mapping.columns["phone"] not in proposed:
        return None
    mapping = replace(
        mapping,
        list_name=upload.list_name or mapping.list_name,
        header_row=reading.proposal.header_row,
        first_data_row=reading.proposal.first_data_row,
    )
    return mapping, import_id


def _check_policy(upload: Upload, reading: Reading) -> None:
    """What a file must be for its columns to be asked about at all."""
    width, limit = reading.table.width, upload.max_columns
    if width > limit:
        raise quarantined("too_many_columns", found=width, limit=limit)
    check_filled(reading, set(range(1, width + 1)))


def check_filled(reading: Reading, wanted: set[int]) -> None:
    """Refuses a file without data, or with nothing in one of the columns that are ``wanted``."""
    if reading.data_rows == 0:
        raise RefusalError("no_rows")
    empty = reading.table.empty_columns(reading.proposal.first_data_row)
    for column in sorted(empty & wanted):
        raise RefusalError(f"column_{column}_empty", text="column_empty", column=column)
