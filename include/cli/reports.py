"""``smsswitch reports``: the administrators' reports and the clients' pages."""

import click

from include.cli import emit


@click.group()
def reports() -> None:
    """Reports for administrators, pages for clients."""


@reports.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--period", help="2026-11, 2026-11-22, 2026-11-01..2026-11-15, today, last-month, …")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def build(names: tuple[str, ...], period: str | None, lang: str, as_json: bool) -> None:
    """Write the reports NAME (R1, R2, …; all if none is named) for a period: this month by default."""
    from include.reports.build import build as build_reports
    from include.settings import settings

    url, keys = settings().reports_url, build_reports(names, period, lang=lang)
    if as_json:
        emit({"reports_url": url, "reports": keys})
    else:
        for key in keys:
            click.echo(f"{url}/{key}")


@reports.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_reports(as_json: bool) -> None:
    """The kinds of reports there are."""
    from include.pages import words
    from include.reports.registry import reports as kinds

    found = [{"name": name, "title": words("en")(f"report.{name}")} for name in kinds()]
    if as_json:
        emit(found)
    else:
        for kind in found:
            click.echo(f"{kind['name']:4} {kind['title']}")


@reports.command()
@click.option("--from", "since", help="2026, 2026-11, 2026-11-22, last-month, …")
@click.option("--to", "until", help="The same; included.")
@click.option("--report", "name", help="R1, R2, …")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def find(since: str | None, until: str | None, name: str | None, lang: str, as_json: bool) -> None:
    """Find reports that were made, by the period they are about."""
    from include.reports.find import find as find_reports

    found = find_reports(since, until, name, lang=lang)
    if as_json:
        emit({"reports": found})
    else:
        for run in found:
            click.echo(f"{run['report']:4} {run['period']:24} {run['html_key']}  {run['outcome']}")


@reports.command()
@click.option("--client", "code", help="Only this client.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def pages(code: str | None, as_json: bool) -> None:
    """Write what has changed in the clients' outboxes: home, account, campaign reports."""
    from include.reports.client_pages import write_pages

    keys = write_pages(code)
    if as_json:
        emit({"pages": keys})
    else:
        for key in keys:
            click.echo(key)
