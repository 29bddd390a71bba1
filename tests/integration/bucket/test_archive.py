"""The bucket's part of backup and restore: docker/bucket_archive.py against a real server."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.bucket.seaweed import ADMIN, CLIENTS, Seaweed

SCRIPT = Path(__file__).parents[3] / "docker" / "bucket_archive.py"


def _archive(server: Seaweed, buckets: str, logins: Path, *, stdin: bytes = b"") -> bytes:
    names = ("SMSSWITCH_BUCKET_URL", "SMSSWITCH_SPOOL_URL", "SMSSWITCH_REPORTS_URL")
    places = dict(zip(names, (f"s3://{name}" for name in buckets.split()), strict=True))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "load" if stdin else "save"],
        input=stdin,
        capture_output=True,
        check=True,
        env={
            **os.environ,
            **places,
            "SMSSWITCH_BUCKET_LOGINS": str(logins),
            "AWS_ENDPOINT_URL_S3": server.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ADMIN[0],
            "AWS_SECRET_ACCESS_KEY": ADMIN[1],
        },
    )
    return done.stdout


def test_what_was_saved_is_there_after_loading_into_empty_buckets(
    seaweed: Seaweed, tmp_path: Path
) -> None:
    files = {
        "clients/zoé/inbox/contacts/à rappeler.csv": b"prenom;telephone\n",
        "clients/zoé/outbox/empty": b"",
        "deep/er/than/that.bin": bytes(range(256)) * 4096,
    }
    store = seaweed.fs(*ADMIN)
    for bucket in ("old-spool", "old-reports", "new-files", "new-spool", "new-reports"):
        store.mkdir(bucket)
    for name, content in files.items():
        store.pipe_file(f"old-reports/{name}", content)
    store.pipe_file("old-spool/orleans/TAXAAAAA.DAT", b"ticket")
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    (before / "identities.json").write_text('{"identities": []}')

    stream = _archive(seaweed, f"{CLIENTS} old-spool old-reports", before)
    _archive(seaweed, "new-files new-spool new-reports", after, stdin=stream)

    found = {path.removeprefix("new-reports/"): path for path in store.find("new-reports")}
    assert {name: store.cat_file(path) for name, path in found.items()} == files
    assert store.cat_file("new-spool/orleans/TAXAAAAA.DAT") == b"ticket"
    assert (after / "identities.json").read_text() == '{"identities": []}'
    assert (after / "identities.json").stat().st_mode & 0o007 == 0
