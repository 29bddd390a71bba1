"""Clients' logins to the bucket of a SeaweedFS server, over S3 and over SFTP: the files it reads them from.

Three files in one folder: ``identities.json`` (S3), ``sftp.json`` (SFTP) and the SFTP server's own
host key. The server needs the secrets as they are, so they lie there in the clear: the folder is to
be readable by nobody else. Identities stand one a line, so that a start script can put others
beside them.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from include.bucket.intake import find_client
from include.bucket.names import FOLDERS
from include.db import connect
from include.db.audit import record
from include.errors import InputError
from include.settings import settings
from include.storage import Storage

IDENTITIES, SFTP_USERS, HOST_KEY = "identities.json", "sftp.json", "ssh_host_ed25519_key"
#: Before each client's code: SeaweedFS lets a user called root do anything, and a client may be called so.
PREFIX = "client-"
_FIRST_UID = 20_000  # 0 is another user who may do anything
_MODE = 0o640
_KEY_KINDS = ("ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-")


@dataclass(frozen=True)
class Login:
    """A login as it was made; it cannot be read again."""

    user: str
    secret_key: str
    sftp_password: str


def change_login(code: str, sftp_keys: list[str], *, revoke: bool, by: str) -> dict[str, Any]:
    """Issue or revoke a client's login to the bucket of the settings; what to tell, once."""
    client, folder = find_client(code), settings().bucket_logins
    where = urlsplit(settings().bucket_url)
    if not folder:
        raise InputError(
            "no_logins_folder",
            "SMSSWITCH_BUCKET_LOGINS is not set: the folder that the bucket's server reads",
        )
    if where.scheme != "s3" or where.path.strip("/"):
        raise InputError("not_s3", "logins are made where SMSSWITCH_BUCKET_URL is s3://BUCKET")
    if revoke:
        told: dict[str, Any] = {"client": code, "revoked": withdraw(Path(folder), code)}
    else:
        login = issue(Path(folder), where.netloc, client.client_id, code, sftp_keys)
        make_folders(Storage(settings().bucket_url), code)
        told = {"client": code, **asdict(login)}
        told |= {"bucket": where.netloc, "prefix": f"clients/{code}/"}
    with connect() as conn:
        action = "bucket_login_revoked" if revoke else "bucket_login"
        record(conn, by, action, f"client:{code}")
    return told


def make_folders(storage: Storage, code: str) -> None:
    """What a client finds at its first visit, over SFTP too."""
    for folder in FOLDERS:
        storage.make_folder(f"clients/{code}/inbox/{folder}")
    storage.make_folder(f"clients/{code}/outbox")


def issue(
    folder: Path, bucket: str, client_id: int, code: str, sftp_keys: list[str] | None = None
) -> Login:
    """Make a client's login, or replace it: the old secrets stop working once the server reads anew.

    ``sftp_keys`` are public keys in the form of ``authorized_keys``, beside the password.
    """
    keys = [key.strip() for key in sftp_keys or []]
    if not all(key.startswith(_KEY_KINDS) and len(key.split()) >= 2 for key in keys):
        raise InputError(
            "bad_ssh_key", "an SSH public key begins with ssh-ed25519, ssh-rsa or ecdsa-"
        )
    login = Login(PREFIX + code, secrets.token_urlsafe(30), secrets.token_urlsafe(18))
    with _alone(folder):
        _change(
            folder / IDENTITIES, _identities, "name", login.user, _identity(bucket, code, login)
        )
        user = _sftp_user(bucket, client_id, code, login, keys)
        _change(folder / SFTP_USERS, _users, "Username", login.user, user)
        _make_host_key(folder / HOST_KEY)
    return login


def withdraw(folder: Path, code: str) -> bool:
    """Take a client's login away; false if it had none.

    A server that reads its files anew forgets no identity that is missing there: one that may do
    nothing, with a key that nobody was told, stands in its place.
    """
    user = PREFIX + code
    nobody = {**_identity("", code, Login(user, secrets.token_urlsafe(30), "")), "actions": []}
    with _alone(folder):
        had = _change(folder / SFTP_USERS, _users, "Username", user, None)
        if had:
            _change(folder / IDENTITIES, _identities, "name", user, nobody)
    return had


def _identity(bucket: str, code: str, login: Login) -> dict[str, Any]:
    home = f"{bucket}/clients/{code}"
    return {
        "name": login.user,
        "credentials": [{"accessKey": login.user, "secretKey": login.secret_key}],
        "actions": [
            f"List:{home}/*",
            f"Write:{home}/inbox/*",
            f"Read:{home}/outbox/*",
            f"List:{bucket}/templates/*",
            f"Read:{bucket}/templates/*",
        ],
    }


def _sftp_user(
    bucket: str, client_id: int, code: str, login: Login, keys: list[str]
) -> dict[str, Any]:
    home = f"/buckets/{bucket}/clients/{code}"
    look = ["list", "traverse"]
    return {
        "Username": login.user,
        "Password": login.sftp_password,
        "PublicKeys": keys,
        "HomeDir": home,
        "Permissions": {
            home: look,
            f"{home}/inbox": [*look, "write", "mkdir", "delete", "rename"],
            f"{home}/outbox": [*look, "read"],
        },
        "Uid": _FIRST_UID + client_id,
        "Gid": _FIRST_UID + client_id,
    }


def _change(
    file: Path,
    written: Callable[[list[dict[str, Any]]], str],
    name: str,
    user: str,
    entry: dict[str, Any] | None,
) -> bool:
    """Put one entry in the place of that user's old one; whether there was one."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        document = []
    known = document["identities"] if isinstance(document, dict) else document
    others = [one for one in known if one[name] != user]
    _write(file, written([*others, entry] if entry else others))
    return len(others) < len(known)


def _identities(entries: list[dict[str, Any]]) -> str:
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    return f'{{"identities": [\n{lines}\n]}}\n'


def _users(entries: list[dict[str, Any]]) -> str:
    return json.dumps(entries, indent=1) + "\n"


def _make_host_key(file: Path) -> None:
    """By which SFTP clients know the server again; made once, kept through every rotation."""
    if not file.exists():
        key = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        _write(file, key.decode())


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w") as out:
        out.write(text)
    fresh.replace(file)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
