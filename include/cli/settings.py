"""``smsswitch settings``: what administrators set for the whole centre."""

from pathlib import Path

import click

from include.cli import emit


@click.group("settings")
def settings_group() -> None:
    """Company, alerts, limits, groups, retention."""


@settings_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def apply(file: Path, as_json: bool) -> None:
    """Take the areas that FILE names; the others stay. A file with a fault changes nothing."""
    from include.cli.campaigns import person
    from include.operations import settings

    done = settings.apply(file.read_text("utf-8-sig"), by=person())
    if as_json:
        emit(done)
    else:
        click.echo(f"changed: {', '.join(done['changed']) or 'nothing'}")


@settings_group.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(as_json: bool) -> None:
    """What holds now, defaults included."""
    import yaml

    from include.operations import settings

    document = {"version": 1, **settings.current()}
    if as_json:
        emit(document)
    else:
        click.echo(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), nl=False)


@settings_group.command()
def schema() -> None:
    """What a settings file may hold (JSON Schema, in YAML)."""
    from include.operations import settings

    click.echo(settings.text_of("settings.schema.yaml"), nl=False)


@settings_group.command()
def example() -> None:
    """A file with every area at its default, to be changed and applied."""
    from include.operations import settings

    click.echo(settings.text_of("settings.yaml"), nl=False)
