"""The last part of the one-shot migration: the buckets, Airflow's first administrator and its roles."""

import os
import runpy
import sys
from pathlib import Path
from urllib.parse import urlsplit

PASSWORD = Path("/run/secrets/airflow_admin_password")
BUCKETS = ("SMSSWITCH_BUCKET_URL", "SMSSWITCH_SPOOL_URL", "SMSSWITCH_REPORTS_URL")


def make_buckets() -> None:
    """Make those of the settings' buckets that are missing."""
    import fsspec

    for url in (os.environ[name] for name in BUCKETS):
        where = urlsplit(url)
        if where.scheme == "s3":
            storage = fsspec.filesystem("s3")
            if not storage.exists(where.netloc):
                storage.mkdir(where.netloc)
                sys.stdout.write(f"bucket {where.netloc} made\n")


def make_administrator() -> None:
    """Make the administrator if there is none of that name; the password of one is left alone."""
    command = [
        "users",
        "create",
        "--role",
        "Admin",
        "--firstname",
        "Airflow",
        "--lastname",
        "Admin",
    ]
    command += ["--username", os.environ["AIRFLOW_ADMIN_USERNAME"]]
    command += ["--email", os.environ["AIRFLOW_ADMIN_EMAIL"]]
    # Within this process: on a command line every user of the machine could read the password.
    command += ["--password", PASSWORD.read_text(encoding="utf-8").strip()]
    _airflow(command)


def make_roles() -> None:
    """Ops and Auditor beside Airflow's own, and the pages of our plugin for everybody."""
    roles = runpy.run_path(str(Path(__file__).with_name("roles.py")))
    roles["make_roles"](roles["dags_of"](os.environ["AIRFLOW__CORE__DAGS_FOLDER"]))


def _airflow(command: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser

    arguments = get_parser().parse_args(command)
    arguments.func(arguments)


if __name__ == "__main__":
    make_buckets()
    make_administrator()
    make_roles()
