"""The listing in the triggerer, run for real over folders of the test's own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Steps = list[Callable[[], object]]


def events(place: str, steps: Steps) -> list[Any]:
    """What is told after each step: the next event, however many listings it takes."""
    from bucket_trigger import BucketTrigger

    async def gather() -> list[Any]:
        told = BucketTrigger(place=place, every=0).run()
        found: list[Any] = []
        for step in steps:
            step()
            found.append((await asyncio.wait_for(anext(told), 20)).payload["first"])
        return found

    return asyncio.run(gather())


@pytest.fixture
def inbox(
    airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://unused")

    def drop(name: str) -> Path:
        path = tmp_path / "var" / "bucket" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
        return path

    return drop


def test_each_drop_is_told_once(inbox: Callable[[str], Path]) -> None:
    drop = "clients/acme/inbox/contacts/a.csv"
    other = "clients/acme/inbox/contacts/b.csv"
    assert events("inbox", [lambda: inbox(drop), lambda: inbox(other)]) == [[drop], [other]]


def test_a_file_that_grows_is_told_again(inbox: Callable[[str], Path]) -> None:
    key = "clients/acme/inbox/contacts/a.csv"
    path = inbox(key)
    assert events("inbox", [lambda: None, lambda: path.write_text("grown")]) == [[key], [key]]


def test_row_2_half_written_and_hidden_files_are_not_told(inbox: Callable[[str], Path]) -> None:
    folder = "clients/acme/inbox/contacts"
    for name in ("a.csv.part", "~$a.xlsx", ".b.csv.tmp", "c.crdownload", "d.filepart"):
        inbox(f"{folder}/{name}")
    inbox("clients/acme/outbox/index.html")
    assert events("inbox", [lambda: inbox(f"{folder}/whole.csv")]) == [[f"{folder}/whole.csv"]]


def test_what_grows_for_years_is_not_listed(
    inbox: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bucket_trigger import waiting

    from include.storage import Storage

    looked_at: list[str] = []
    real = Storage.list

    def noted(storage: Storage, prefix: str = "") -> Any:
        looked_at.append(prefix)
        return real(storage, prefix)

    monkeypatch.setattr(Storage, "list", noted)
    for name in ("acme/inbox/contacts/a.csv", "acme/outbox/index.html", "acme/processed/b.csv"):
        inbox(f"clients/{name}")
    for name in (".raw/orleans/abc", "orleans/TAXAAAAA.DAT"):
        inbox(f"../spool/{name}")
    assert [key for key, _, _ in waiting("inbox")] == ["clients/acme/inbox/contacts/a.csv"]
    assert [key for key, _, _ in waiting("spool")] == ["orleans/TAXAAAAA.DAT"]
    assert looked_at == ["clients/acme/inbox", "orleans"]


def test_a_link_is_not_told(inbox: Callable[[str], Path]) -> None:
    folder = inbox("clients/acme/inbox/contacts/whole.csv").parent
    (folder / "link.csv").symlink_to("/etc/passwd")
    assert events("inbox", [lambda: None]) == [["clients/acme/inbox/contacts/whole.csv"]]


def test_the_spool_is_told_without_its_kept_copies(
    inbox: Callable[[str], Path], tmp_path: Path
) -> None:
    spool = tmp_path / "var" / "spool"
    for name in (".raw/orleans/abc", "orleans/TAXAAAAA.DAT"):
        (spool / name).parent.mkdir(parents=True)
        (spool / name).write_bytes(b"\x1f\x9d")
    assert events("spool", [lambda: None]) == [["orleans/TAXAAAAA.DAT"]]


def test_a_bucket_that_cannot_be_listed_does_not_end_the_trigger(
    inbox: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox("clients/acme/inbox/contacts/a.csv")
    monkeypatch.setenv("SMSSWITCH_BUCKET_URL", "nosuchscheme://bucket")
    from bucket_trigger import BucketTrigger

    async def run() -> Any:
        trigger: Any = BucketTrigger(place="inbox", every=0)
        assert trigger._look(frozenset()) == frozenset()
        monkeypatch.delenv("SMSSWITCH_BUCKET_URL")
        return (await asyncio.wait_for(anext(trigger.run()), 20)).payload

    assert asyncio.run(run())["files"] == 1


def test_the_triggerer_can_make_it_again_from_what_it_says_of_itself(airflow_home: Path) -> None:
    from airflow.sdk._shared.module_loading import import_string
    from bucket_trigger import BucketTrigger

    path, arguments = BucketTrigger(place="spool", every=1.5).serialize()
    named: Any = import_string(path)
    again = named(**arguments)
    assert (again.place, again.every) == ("spool", 1.5)
