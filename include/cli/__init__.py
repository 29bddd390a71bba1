"""The ``smsswitch`` command: one file per area, loaded when asked for.

Exit status: 0 done, 1 refused (one clear line on stderr), 2 wrong use.
"""

import json
import logging
import sys
from importlib import import_module
from typing import Any

import click

from include.errors import InputError, SmsswitchError

# command -> "module:attribute"; loaded lazily, since pandas and its like cost seconds to import.
COMMANDS = {
    "audit": "include.cli.audit:audit",
    "alerts": "include.cli.alerts:alerts",
    "billing": "include.cli.billing:billing",
    "campaigns": "include.cli.campaigns:campaigns",
    "clients": "include.cli.clients:clients",
    "contacts": "include.cli.contacts:contacts",
    "db": "include.cli.db:db",
    "demo": "include.cli.demo:demo",
    "groups": "include.cli.fleet:groups",
    "messages": "include.cli.fleet:messages",
    "monitor": "include.cli.fleet:monitor",
    "phone": "include.cli.contacts:phone",
    "reports": "include.cli.reports:reports",
    "retention": "include.cli.retention:retention",
    "scan": "include.cli.bucket:scan",
    "settings": "include.cli.settings:settings_group",
    "stack": "include.cli.stack:stack",
    "taxation": "include.cli.treatments:taxation",
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is being done.")
def smsswitch(verbose: bool) -> None:
    """Airflow pipelines around a GSM-modem SMS switch and PBX call accounting."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )


def emit(document: Any) -> None:
    """Print one JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def main() -> None:
    """Entry point of the console script."""
    from psycopg2 import Error as DatabaseError
    from psycopg2.errors import UndefinedObject, UndefinedTable

    from include.db.connect import UNMIGRATED

    try:
        smsswitch(prog_name="smsswitch")
    except InputError as error:
        sys.exit(_refused(f"{error.message_en} ({error.code})"))
    except (UndefinedTable, UndefinedObject) as error:
        sys.exit(_refused(f"{UNMIGRATED}: {str(error).splitlines()[0]}"))
    except (SmsswitchError, DatabaseError, OSError) as error:
        sys.exit(_refused(str(error)))
    except Exception as error:
        logging.getLogger(__name__).info("where it happened", exc_info=True)
        what = str(error).strip() or "no further word"
        sys.exit(_refused(f"{what} ({type(error).__name__}; `smsswitch -v …` says where)"))


def _refused(message: str) -> int:
    click.echo(f"smsswitch: {' '.join(message.split())}", err=True)
    return 1
