"""``smsswitch contacts`` and ``smsswitch phone``."""

import sys
from pathlib import Path
from typing import Any

import click
import yaml

from include.cli import emit
from include.errors import InputError
from include.settings import settings

WAITING = 3


@click.group()
def contacts() -> None:
    """Contact lists."""


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", "code", required=True, help="Whose list it is.")
@click.option("--list", "list_name", help="The list; by default the file's name.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A mapping file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
def import_command(
    file: Path, code: str, list_name: str | None, mapping: Path | None, as_json: bool
) -> None:
    """Drop FILE into a client's inbox and import it at once.

    Exit status: 0 loaded (or was already), 1 refused, 3 waiting for its mapping.
    """
    receipt = _drop_and_import(file, code, list_name, mapping)
    if as_json:
        emit(receipt)
    else:
        _tell(receipt)
    sys.exit(_status(receipt))


def _drop_and_import(
    file: Path, code: str, list_name: str | None, mapping: Path | None
) -> dict[str, Any]:
    from include.bucket.intake import find_client, register_now
    from include.bucket.names import is_ignored
    from include.bucket.process import process
    from include.storage import Storage

    client, storage = find_client(code), Storage(settings().bucket_url)
    name = f"{_list_name(list_name)}__{file.name}" if list_name else file.name
    if is_ignored(name):
        raise InputError(
            "bad_file_name",
            f"{name} looks like a temporary file: files of this name are never taken",
            f"{name} ressemble à un fichier temporaire : il n'est jamais pris",
        )
    place = f"contacts/{name}"
    if mapping:
        text = _for_list(mapping.read_bytes(), list_name)
        storage.write_bytes(f"{client.inbox}/{place}.mapping.yaml", text)
    storage.write_bytes(f"{client.inbox}/{place}", file.read_bytes())
    return process(register_now(client, storage, place))


def _list_name(wanted: str) -> str:
    from include.bucket.names import list_and_label

    if list_and_label(f"{wanted}.csv")[0] != wanted:
        raise InputError(
            "bad_list_name",
            f"{wanted!r} is no list name: small letters, figures, - and _, at most 63",
            f"{wanted!r} n'est pas un nom de liste : minuscules, chiffres, - et _, 63 au plus",
        )
    return wanted


def _for_list(mapping: bytes, list_name: str | None) -> bytes:
    """The mapping, for the list named on the command line where one is."""
    if list_name is None:
        return mapping
    try:
        document = yaml.safe_load(mapping)
    except (yaml.YAMLError, UnicodeDecodeError):
        return mapping
    if not isinstance(document, dict):
        return mapping
    return yaml.safe_dump({**document, "list": list_name}, allow_unicode=True).encode()


def _tell(receipt: dict[str, Any]) -> None:
    counts = receipt["counts"]
    click.echo(
        f"{receipt['import_id']}: {receipt['state']}, list {receipt['list']}: "
        f"{counts['loaded']} new, {counts['updated']} updated, {counts['unchanged']} unchanged, "
        f"{counts['rejected']} refused of {counts['rows']} rows"
    )
    if receipt["reason"]:
        click.echo(f"{receipt['reason']['message_en']} ({receipt['reason']['code']})", err=True)
    if receipt.get("next_step"):
        click.echo(receipt["next_step"], err=True)
    if receipt["state"] == "awaiting_mapping":
        outbox = f"{settings().bucket_url}/clients/{receipt['client']}/outbox"
        click.echo(f"{outbox}/imports/{receipt['import_id']}/mapping.yaml", err=True)


def _status(receipt: dict[str, Any]) -> int:
    if receipt["state"] in ("loaded", "duplicate"):
        return 0
    return WAITING if receipt["state"] == "awaiting_mapping" and not receipt["reason"] else 1


@click.group()
def phone() -> None:
    """Phone numbers."""


@phone.command("check")
@click.argument("number")
@click.option("--region", default="FR", show_default=True, help="Where national numbers are from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check_command(number: str, region: str, as_json: bool) -> None:
    """What becomes of NUMBER as it stands in a file; exit status 1 if it would be refused."""
    from include.phones import check
    from include.settings import extra_valid_prefixes

    found = check(number, region=region, extra_valid_prefixes=extra_valid_prefixes())
    if as_json:
        document = {"number": number, "region": region, "msisdn": found.msisdn}
        emit({**document, "code": found.code or None, "notes": list(found.notes)})
    else:
        click.echo(found.msisdn or f"refused: {found.code}", err=found.msisdn is None)
    sys.exit(0 if found.msisdn else 1)
