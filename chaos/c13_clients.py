"""C13: a hostile client. Nothing outside its prefix is read, changed or taken away."""

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from chaos.c13_tricks import ALONE, KEYS, SOUND, TRICKS, Place, Trick
from chaos.scale import Outcome, Scale
from chaos.world import World
from include.bucket import look
from include.bucket.process import scan_and_process
from include.settings import settings
from include.storage import Storage
from tests.integration.client_files import Inbox, csv_bytes, mapping, number, people

#: `times`: into how many scans the tricks are shared out.
FULL = Scale(times=100, modems=1)
SHORT = Scale(times=1, modems=1)
ATTACKER, VICTIM = "mallory", "dupont"
SECRET = "KEEP-OUT-7c1e"
NAMES = ("first_name", "last_name", "phone")
_ROWS = (
    "select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from ("
    " select {} from {} join client using (client_id) where code <> 'mallory') as t"
)
_TABLES = {
    "client": "select md5(string_agg(c::text, ',')) from client as c where code <> 'mallory'",
    "lists": _ROWS.format("contact_list.*", "contact_list"),
    "contacts": _ROWS.format("contact.*", "contact join contact_list using (list_id)"),
    "campaigns": _ROWS.format("campaign.*", "campaign"),
    "uploads": _ROWS.format("upload.*", "upload"),
    "ledger": _ROWS.format("ledger_entry.*", "ledger_entry"),
}


def run(world: World, scale: Scale) -> Outcome:
    """Every trick, and after each scan everything that is not the attacker's is as it was."""
    outcome = Outcome(scale)
    waited, look.STABLE_SECONDS = look.STABLE_SECONDS, 0.05
    try:
        _on_files(world, scale, outcome)
        _in_a_store(world, outcome)
    finally:
        look.STABLE_SECONDS = waited
    return outcome


def _on_files(world: World, scale: Scale, outcome: Outcome) -> None:
    place = _scene(world)
    tricks = list(TRICKS.items())
    size = max(-(-len(tricks) // scale.times), 1)
    for first in range(0, len(tricks), size):
        part = tricks[first : first + size]
        for name, trick in part:
            _plant(place, name, trick, outcome)
        _scan_and_compare(world, place, [name for name, _ in part], outcome)
    for name, (folder, trick) in ALONE.items():
        (place.inbox.parent / folder).mkdir(parents=True, exist_ok=True)
        (place.contacts / f"{len(name)}.csv").write_bytes(SOUND)
        _plant(place, name, trick, outcome)
        _scan_and_compare(world, place, [name], outcome, may_fail=True)
        _restored(place.inbox.parent / folder)
    outcome.counted |= {"tricks": len(TRICKS) + len(ALONE), "store_keys": len(KEYS)}
    outcome.expect(not Path("pwned").exists(), "a name was run as a command")


def _restored(folder: Path) -> None:
    aside = folder.with_name(folder.name + ".aside")
    if folder.is_symlink():
        folder.unlink()
        aside.rename(folder)


def _plant(place: Place, name: str, trick: Trick, outcome: Outcome) -> None:
    try:
        trick(place)
    except OSError as error:
        outcome.expect(False, f"{name} could not be planted: {error}")


def _scene(world: World) -> Place:
    """A victim with files everywhere, a list, a campaign and a question; an attacker with nothing."""
    db = world.fleet.db
    for code in (VICTIM, ATTACKER):
        db.conn.cursor().execute(
            "insert into client (code, name) values (%s, initcap(%s))", (code, code)
        )
    victim = Inbox(VICTIM, db)
    victim.drop("members.csv", csv_bytes(people(5)), mapping("members", *NAMES))
    waiting = victim.drop("question.csv", csv_bytes([*people(4), [SECRET, "x", number(90)]]))
    victim.put("campaigns/hello.yaml", _campaign())
    quoted = scan_and_process()
    clients = Path(victim.storage.root) / "clients"
    # Names of programs' own files: they stay where they are.
    for name in ("inbox/contacts/~$secret.csv", "inbox/campaigns/~$c.yaml", "outbox/mapping.yaml"):
        (clients / VICTIM / name).parent.mkdir(parents=True, exist_ok=True)
        (clients / VICTIM / name).write_text(f"{SECRET};{number(7)}\n" * 3)
    (clients / VICTIM / "quarantine").mkdir(exist_ok=True)
    outside = world.folder / "outside.csv"
    outside.write_text(f"{SECRET};{number(8)}\n" * 3)
    inbox = clients / ATTACKER / "inbox"
    for folder in ("contacts", "campaigns", "commands"):
        (inbox / folder).mkdir(parents=True)
    scan_and_process()  # whatever the victim has still to be told is told before anybody compares
    quote = quoted[0]["document"]["quote"]["quote_id"]
    return Place(inbox, clients / VICTIM, outside, waiting["import_id"], quote)


def _campaign() -> dict[str, Any]:
    return {
        "version": 1,
        "kind": "campaign",
        "campaign": "hello",
        "list": "members",
        "state": "draft",
        "purpose": "transactional",
        "message": f"Bonjour {SECRET}",
    }


def _scan_and_compare(
    world: World, place: Place, names: list[str], outcome: Outcome, *, may_fail: bool = False
) -> None:
    before = _others(world, place)
    try:
        done = scan_and_process()
    except Exception as error:  # noqa: BLE001 (a worker that dies of it is what is looked for)
        outcome.expect(False, f"{names}: the worker died of {error!r}")
        done = []
    after = _others(world, place)
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    outcome.expect(not changed, f"{names}: changed {changed[:3]}")
    failed = [one["file"] for one in done if one["state"] == "failed"]
    outcome.expect(may_fail or not failed, f"{names}: failed {failed}")
    leaked = list(_leaks(place))
    outcome.expect(not leaked, f"{names}: shown in {leaked[:3]}")


def _others(world: World, place: Place) -> dict[str, str]:
    """Fingerprints of everything that is not the attacker's: files, links, times, rows."""
    found = {f"table {name}": str(world.fleet.db.one(query)) for name, query in _TABLES.items()}
    bucket = place.inbox.parents[2]
    own = os.fsencode(place.inbox.parent)
    for folder, _folders, files in os.walk(os.fsencode(bucket.parent)):
        if folder == own or folder.startswith(own + b"/") or b"/pg" in folder:
            continue
        found[repr(folder)] = "folder"
        for name in files:
            path = folder + b"/" + name
            found[repr(path)] = _fingerprint(Path(os.fsdecode(path)))
    found[str(place.outside)] = _fingerprint(place.outside)
    return found


def _fingerprint(path: Path) -> str:
    info = path.lstat()
    content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    return f"{info.st_mode:o} {info.st_mtime_ns} {sha256(content).hexdigest()}"


def _leaks(place: Place) -> list[str]:
    """Files of the attacker's own that hold what it should never have seen."""
    found = []
    for folder, folders, files in os.walk(place.inbox.parent, followlinks=False):
        folders[:] = [f for f in folders if not (Path(folder) / f).is_symlink()]
        for name in files:
            path = Path(folder) / name
            info = path.lstat()
            plain = path.is_file() and not path.is_symlink() and info.st_nlink == 1
            if plain and info.st_size < 1 << 24 and SECRET.encode() in path.read_bytes():
                found.append(str(path))
    return found


def _in_a_store(world: World, outcome: Outcome) -> None:
    """Keys of a store that no file system would take."""
    os.environ["SMSSWITCH_BUCKET_URL"] = "memory://bucket"
    try:
        storage = Storage(settings().bucket_url)
        victims = f"clients/{VICTIM}/outbox/lists/members/summary.json"
        storage.write_text(victims, SECRET)
        scan_and_process()  # templates and what is written by itself
        before = _keys(storage)
        for key in KEYS:
            storage.fs.pipe_file(f"{storage.root}/clients/{ATTACKER}/inbox/{key}", SOUND)
        done = scan_and_process()
        outcome.counted["store_outcomes"] = sorted(str(one["state"]) for one in done)
        after = {k: v for k, v in _keys(storage).items() if f"/{ATTACKER}/" not in k}
        outcome.expect(before == after, f"keys changed: {before.keys() ^ after.keys()}")
        shown = json.dumps(world.fleet.db.all("select key from upload where key like '%mallory%'"))
        outcome.expect(len(done) > 0 and ".." not in shown, "no key was told")
    finally:
        del os.environ["SMSSWITCH_BUCKET_URL"]
        shutil.rmtree(world.folder / "memory", ignore_errors=True)


def _keys(storage: Storage) -> dict[str, bytes]:
    return {path: storage.fs.cat_file(path) for path in storage.fs.find(storage.root)}
