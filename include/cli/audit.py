"""``smsswitch audit``: the chain of who did what."""

import sys

import click

from include.cli import emit


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--head", help="The hash noted at an earlier check: it must still be in the chain.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(head: str | None, as_json: bool) -> None:
    """Recompute the chain of hashes; exit 1 and name the entry where it breaks."""
    from include.db import connect
    from include.db.audit import holds_hash
    from include.db.audit import verify as verify_chain

    with connect() as conn:
        found = verify_chain(conn)
        missing = head is not None and not holds_hash(conn, head)
    broken = found["broken"]
    sound = broken is None and not missing
    if as_json:
        emit({"sound": sound, **found, "head_missing": missing})
    elif sound:
        click.echo(f"{found['entries']} entries, the chain holds; its head: {found['hash']}")
    if broken is not None:
        click.echo(
            f"smsswitch: the chain breaks at entry {broken['entry_id']} ({broken['at']}, "
            f"{broken['actor']}, {broken['action']}, {broken['subject']}): it was changed, or one "
            "before it was changed or taken away",
            err=True,
        )
    elif missing:
        click.echo("smsswitch: no entry has that hash: entries were cut off the end", err=True)
    if not sound:
        sys.exit(1)
