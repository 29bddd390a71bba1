"""Storage: nothing outside its URL, no links or devices, whole files or none."""

import os
from pathlib import Path

import pytest

from include.errors import InputError
from include.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    (tmp_path / "bucket").mkdir()
    return Storage((tmp_path / "bucket").as_uri())


def test_what_is_written_is_listed_and_read_back(storage: Storage) -> None:
    storage.write_bytes("a/ç é.txt", b"one")
    storage.write_bytes("a/b/two", b"22")
    storage.write_bytes("c", b"")
    assert [(f.key, f.size) for f in storage.list()] == [("a/b/two", 2), ("a/ç é.txt", 3), ("c", 0)]
    assert [f.key for f in storage.list("a/b")] == ["a/b/two"]
    assert storage.read_bytes("a/ç é.txt") == b"one"


def test_a_folder_whose_name_an_address_must_escape(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c%20d é"
    Storage(folder.as_uri()).write_bytes("x/y", b"1")
    assert (folder / "x" / "y").read_bytes() == b"1"
    assert [f.key for f in Storage(f"file://{tmp_path}/a b#c%2520d é").list()] == ["x/y"]


def test_what_could_not_be_written_whole_leaves_nothing(storage: Storage) -> None:
    storage.write_bytes("a/x", b"1")
    with pytest.raises(OSError, match="Input/output error"):  # once the copy is begun
        storage.upload("a/x", Path("/proc/self/mem"))
    assert [p.name for p in (Path(storage.root) / "a").iterdir()] == ["x"]
    assert storage.read_bytes("a/x") == b"1"


def test_moving_and_deleting(storage: Storage) -> None:
    storage.write_bytes("inbox/x", b"1")
    storage.move("inbox/x", "processed/2026/x")
    assert not storage.exists("inbox/x")
    assert storage.read_bytes("processed/2026/x") == b"1"
    storage.delete("processed/2026/x")
    storage.delete("processed/2026/x")
    assert list(storage.list()) == []


def test_listing_what_is_not_there_is_empty(storage: Storage) -> None:
    assert list(storage.list("clients/nobody/inbox")) == []


@pytest.mark.parametrize("key", ["nothing", "file/below", "x" * 300])
def test_what_is_not_there_is_not_found(storage: Storage, key: str) -> None:
    storage.write_bytes("file", b"")
    for read in (storage.read_bytes, storage.digest):
        with pytest.raises(FileNotFoundError):
            read(key)


def test_folders_are_those_right_below(storage: Storage) -> None:
    for key in ("b/deep/er/x", "a/x", "file"):
        storage.write_bytes(key, b"")
    assert storage.folders() == ["a", "b"]
    assert storage.folders("b") == ["deep"]
    assert storage.folders("nowhere") == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "", "a\x00b", "a\\..\\b"])
def test_row_40_a_key_never_leads_outside(storage: Storage, key: str) -> None:
    with pytest.raises(InputError, match="bad_file_name"):
        storage.path(key)


def test_row_41_links_pipes_and_devices_are_neither_listed_nor_opened(
    storage: Storage, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = Path(storage.root)
    (folder / "symbolic").symlink_to(secret)
    os.link(secret, folder / "hard")
    os.mkfifo(folder / "pipe")
    (folder / "way-out").symlink_to(tmp_path)
    assert list(storage.list()) == []
    assert list(storage.list("way-out")) == []
    for key in ("symbolic", "hard", "pipe", "way-out/secret"):
        with pytest.raises((InputError, OSError)):
            storage.read_bytes(key)


def test_a_reader_never_sees_half_a_file(storage: Storage) -> None:
    storage.write_bytes("x", b"old")
    with Path(storage.path("x")).open("rb") as before:
        storage.write_bytes("x", b"new and longer")
        assert before.read() == b"old"
    assert storage.read_bytes("x") == b"new and longer"
    assert [f.key for f in storage.list()] == ["x"]
