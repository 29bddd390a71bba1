"""``smsswitch scan``: process the bucket once, as the DAGs do."""

import click

from include.cli import emit


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def scan(as_json: bool) -> None:
    """Take every complete drop of every client, and do what each asks for."""
    from include.bucket.process import scan_and_process

    done = scan_and_process()
    if as_json:
        emit({"uploads": done})
        return
    for upload in done:
        reason = f" ({upload['reason']})" if upload["reason"] else ""
        click.echo(f"{upload['client']}: {upload['file']}: {upload['state']}{reason}")
    if not done:
        click.echo("nothing new")
