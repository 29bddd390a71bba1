"""The bucket on a real S3 server: the same code, a login per client, SFTP to the same files."""

import io
import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import paramiko
import pytest
from s3fs import S3FileSystem

from include.bucket import logins
from include.bucket.intake import scan
from include.bucket.process import scan_and_process
from include.storage import Storage
from tests.integration.bucket.seaweed import CLIENTS, PIPELINES, Seaweed
from tests.integration.client_files import Inbox, csv_bytes, mapping, people, xlsx

NAMES = ("first_name", "last_name", "phone")
BUCKET = CLIENTS


@pytest.fixture
def s3(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seaweed]:
    """The centre's bucket is on S3, reached as in production, and empty."""
    for name, value in {
        "SMSSWITCH_BUCKET_URL": f"s3://{BUCKET}",
        "SMSSWITCH_BUCKET_LOGINS": str(seaweed.logins),
        "AWS_ENDPOINT_URL_S3": seaweed.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": PIPELINES[0],
        "AWS_SECRET_ACCESS_KEY": PIPELINES[1],
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    pipelines = seaweed.fs(*PIPELINES)
    for key in pipelines.find(BUCKET):
        pipelines.rm_file(key)
    yield seaweed
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def storage(s3: Seaweed) -> Storage:
    return Storage(f"s3://{BUCKET}")


@pytest.fixture
def acme(s3: Seaweed, add_client: Callable[..., Inbox]) -> Inbox:
    return add_client("acme")


def test_storage_keeps_its_contract_on_s3(storage: Storage) -> None:
    storage.write_bytes("a/ç é.txt", b"one")
    storage.write_bytes("a/b/two", b"22")
    storage.make_folder("a/empty")
    assert [(f.key, f.size) for f in storage.list()] == [("a/b/two", 2), ("a/ç é.txt", 3)]
    assert [f.key for f in storage.list("a/b")] == ["a/b/two"]
    assert list(storage.list("clients/nobody/inbox")) == []
    assert storage.read_known("a/b/two", 2, sha256(b"22").hexdigest()) == b"22"
    for key, size in (("a/b/two", 1), ("a/b/none", 2)):
        with pytest.raises(FileNotFoundError):
            storage.read_known(key, size, sha256(b"2").hexdigest())
    assert (storage.folders(), storage.folders("a")) == (["a"], ["b", "empty"])
    assert storage.folders("nowhere") == []
    assert storage.read_bytes("a/ç é.txt") == b"one"
    assert (
        storage.digest("a/b/two")
        == "785f3ec7eb32f30b90cd0fcf3657d388b5ff4297f2f9716ff66e9b69c05ddd09"
    )
    storage.move("a/b/two", "processed/2026/two")
    assert not storage.exists("a/b/two") and storage.read_bytes("processed/2026/two") == b"22"
    storage.delete("processed/2026/two")
    storage.delete("processed/2026/two")
    with pytest.raises(FileNotFoundError):
        storage.read_bytes("processed/2026/two")
    assert [f.key for f in storage.list()] == ["a/ç é.txt"]


def test_what_another_process_wrote_is_seen(storage: Storage, s3: Seaweed) -> None:
    assert not storage.exists("x/y") and list(storage.list("x")) == []
    s3.fs(*PIPELINES).pipe_file(f"{BUCKET}/x/y", b"1")
    assert storage.exists("x/y") and [f.key for f in storage.list("x")] == ["x/y"]


def test_a_drop_becomes_a_list_a_receipt_and_a_processed_file(
    acme: Inbox, storage: Storage
) -> None:
    acme.put("contacts/guests.xlsx.mapping.yaml", mapping("guests", *NAMES))
    acme.put("contacts/guests.xlsx", xlsx([*people(3), ["Bad", "Row", "12"]]))
    acme.put("contacts/broken.xlsx", b"")
    acme.put("contacts/~$guests.xlsx", b"lock")
    done = {one["file"]: one for one in scan_and_process()}
    assert {name: (one["state"], one["reason"]) for name, one in done.items()} == {
        "broken.xlsx": ("quarantined", "empty_file"),
        "guests.xlsx": ("loaded", None),
    }
    assert len(acme.numbers("guests")) == 3
    keys = {file.key for file in storage.list("clients/acme")}
    import_id = done["guests.xlsx"]["import_id"]
    receipt = f"clients/acme/outbox/imports/{import_id}/receipt.json"
    assert json.loads(storage.read_bytes(receipt))["counts"]["loaded"] == 3
    assert "clients/acme/outbox/lists/guests/contacts.xlsx" in keys
    assert any(key.endswith(f"/{import_id}/guests.xlsx") for key in keys)
    assert [key for key in keys if "/inbox/" in key] == [
        "clients/acme/inbox/contacts/~$guests.xlsx"
    ]
    acme.put("contacts/again.csv", csv_bytes(people(3)))
    assert [found.kind for found in scan()] == ["contacts"]
    assert scan() == []


def test_a_client_reaches_its_own_prefix_and_nothing_else(storage: Storage, s3: Seaweed) -> None:
    for key in (
        "clients/acme/outbox/r.html",
        "clients/acme/processed/p.csv",
        "clients/acme2/outbox/r.html",
        "clients/root/inbox/contacts/c.csv",
        "templates/model.xlsx",
    ):
        storage.write_bytes(key, b"x")
    acme, root = s3.issued["acme"], s3.issued["root"]
    mine = s3.fs(acme.user, acme.secret_key)
    assert mine.find(f"{BUCKET}/clients/acme/outbox") == [f"{BUCKET}/clients/acme/outbox/r.html"]
    assert mine.cat_file(f"{BUCKET}/clients/acme/outbox/r.html") == b"x"
    assert mine.cat_file(f"{BUCKET}/templates/model.xlsx") == b"x"
    mine.pipe_file(f"{BUCKET}/clients/acme/inbox/contacts/a.csv", b"1")
    assert storage.read_bytes("clients/acme/inbox/contacts/a.csv") == b"1"
    for prefix in ("", "/clients", "/clients/acme2", "/clients/root/inbox"):
        with pytest.raises(PermissionError):
            mine.find(f"{BUCKET}{prefix}")
    for key in (
        "clients/acme2/outbox/r.html",
        "clients/root/inbox/contacts/c.csv",
        "clients/acme/processed/p.csv",
    ):
        with pytest.raises(PermissionError):
            mine.cat_file(f"{BUCKET}/{key}")
        with pytest.raises(PermissionError):
            mine.rm_file(f"{BUCKET}/{key}")
        with pytest.raises(PermissionError):
            mine.copy(f"{BUCKET}/{key}", f"{BUCKET}/clients/acme/inbox/contacts/stolen.csv")
    for place in (
        "clients/acme/outbox/x",
        "clients/acme2/inbox/x",
        "clients/acme/inboxx/x",
        "x",
        "templates/x",
        "clients/acme/processed/x",
    ):
        with pytest.raises(PermissionError):
            mine.pipe_file(f"{BUCKET}/{place}", b"x")
    with pytest.raises(PermissionError):
        mine.mkdir("a-bucket-of-mine")
    with pytest.raises(PermissionError):
        s3.fs(root.user, root.secret_key).find(f"{BUCKET}/clients/acme")
    with pytest.raises(PermissionError):
        s3.fs(acme.user, root.secret_key).find(f"{BUCKET}/clients/acme/outbox")


def until(works: Callable[[], object]) -> None:
    """Return once it raises nothing; its own exception after a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            works()
        except (OSError, paramiko.SSHException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def drop(server: Seaweed, user: str, secret: str, code: str) -> None:
    key = f"{BUCKET}/clients/{code}/inbox/contacts/x.csv"
    server.fs(user, secret).pipe_file(key, b"0639980001")


class Sftp:
    """A client's SFTP session."""

    def __init__(self, server: Seaweed, user: str, **how: Any) -> None:
        self.transport = paramiko.Transport(("127.0.0.1", server.sftp_port))
        try:
            self.transport.connect(username=user, **how)
        except Exception:
            self.transport.close()
            raise
        session = paramiko.SFTPClient.from_transport(self.transport)
        assert session is not None
        self.session = session

    def __enter__(self) -> paramiko.SFTPClient:
        return self.session

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()


def test_what_comes_by_sftp_is_imported_and_the_receipt_is_read_there(
    acme: Inbox, s3: Seaweed, storage: Storage
) -> None:
    login = s3.issued["acme"]
    logins.make_folders(storage, "acme")
    with Sftp(s3, login.user, password=login.sftp_password) as sftp:
        assert {"inbox", "outbox"} <= set(sftp.listdir("/"))
        sidecar = json.dumps(mapping("guests", *NAMES)).encode()
        sftp.putfo(io.BytesIO(sidecar), "/inbox/contacts/guests.xlsx.mapping.yaml")
        sftp.putfo(io.BytesIO(xlsx(people(4))), "/inbox/contacts/guests.xlsx.filepart")
        assert scan_and_process() == []
        sftp.rename("/inbox/contacts/guests.xlsx.filepart", "/inbox/contacts/guests.xlsx")
        (done,) = scan_and_process()
        assert done["state"] == "loaded" and len(acme.numbers("guests")) == 4
        with sftp.open(f"/outbox/imports/{done['import_id']}/receipt.json") as file:
            assert json.loads(file.read())["counts"]["loaded"] == 4
    with Sftp(s3, login.user, pkey=s3.ssh_key) as sftp:
        # The folders stand after all that was in them has been taken.
        sftp.putfo(io.BytesIO(csv_bytes(people(2))), "/inbox/contacts/more.csv")
    assert [found.kind for found in scan()] == ["contacts"]


def test_an_sftp_client_stays_in_its_prefix(storage: Storage, s3: Seaweed) -> None:
    storage.write_bytes("clients/acme/outbox/r.html", b"x")
    storage.write_bytes("clients/acme/processed/p.csv", b"x")
    storage.write_bytes("clients/other/outbox/secret.html", b"x")
    logins.make_folders(storage, "acme")
    acme, root = s3.issued["acme"], s3.issued["root"]
    assert root.user == "client-root"  # the server lets its root do anything
    with Sftp(s3, acme.user, password=acme.sftp_password) as sftp:
        outside = "/../other/outbox/secret.html"
        forbidden: list[Callable[[], object]] = [
            lambda: sftp.open(outside).read(),
            lambda: sftp.open("/../../other/outbox/secret.html").read(),
            lambda: sftp.open("/processed/p.csv").read(),
            lambda: sftp.remove("/outbox/r.html"),
            lambda: sftp.rename("/outbox/r.html", "/inbox/contacts/x"),
            lambda: sftp.putfo(io.BytesIO(b"x"), "/outbox/mine"),
            lambda: sftp.putfo(io.BytesIO(b"x"), "/mine"),
            lambda: sftp.putfo(io.BytesIO(b"x"), "/../other/inbox/contacts/mine"),
            lambda: sftp.symlink(outside, "/inbox/contacts/link.csv"),
            lambda: sftp.mkdir("/outbox/mine"),
        ]
        for attempt in forbidden:
            with pytest.raises(OSError):
                attempt()
        assert "other" not in sftp.listdir("/..") and "other" not in sftp.listdir("../../")
    assert {f.key for f in storage.list("clients/other")} == {"clients/other/outbox/secret.html"}
    assert storage.read_bytes("clients/acme/outbox/r.html") == b"x"


def test_a_new_login_ends_the_old_one_and_a_revoked_one_is_gone(
    acme: Inbox, s3: Seaweed, storage: Storage
) -> None:
    old = s3.issued["acme"]
    host_key = (s3.logins / logins.HOST_KEY).read_bytes()
    new = logins.change_login("acme", [], revoke=False, by="ops:nadia")
    s3.read_logins_anew()
    assert (s3.logins / logins.HOST_KEY).read_bytes() == host_key
    until(lambda: drop(s3, new["user"], new["secret_key"], "acme"))
    until(lambda: Sftp(s3, new["user"], password=new["sftp_password"]).close())
    with pytest.raises(PermissionError):
        drop(s3, old.user, old.secret_key, "acme")
    with pytest.raises(paramiko.AuthenticationException):
        Sftp(s3, old.user, password=old.sftp_password)
    revoked = [
        logins.change_login("acme", [], revoke=True, by="ops:nadia")["revoked"] for _ in range(2)
    ]
    assert revoked == [True, False]
    again = logins.issue(s3.logins, BUCKET, 2, "root")
    s3.read_logins_anew()
    until(lambda: drop(s3, again.user, again.secret_key, "root"))
    until(lambda: Sftp(s3, again.user, password=again.sftp_password).close())
    with pytest.raises(PermissionError):
        drop(s3, new["user"], new["secret_key"], "acme")
    with pytest.raises(paramiko.AuthenticationException):
        Sftp(s3, new["user"], password=new["sftp_password"])
    told = acme.db.all("select actor, action, subject, detail::text from audit_entry order by 1, 2")
    assert {row[1] for row in told} == {"bucket_login", "bucket_login_revoked"}
    assert new["secret_key"] not in str(told)
