"""C11: mutated contact files and spools. No worker dies, and nobody is shown a traceback."""

import random
from collections import Counter
from pathlib import Path

from chaos.c11_readers import Read, Reader
from chaos.c11_spools import spools
from chaos.mutations import XLS, XLSX, Mutation
from chaos.scale import Outcome, Scale
from chaos.world import World
from tests.integration.client_files import Inbox, Rows, number, xls, xlsx

FULL = Scale(times=10_000, modems=1)
SHORT = Scale(times=60, modems=1)
MOST_KIB = 512 * 1024
MOST_SECONDS = 60.0
#: One in so many goes the whole way: registered, imported, told, put aside.
WHOLE_WAY = 50
#: And so many of those whose reader was ended by a limit.
ENDED_WHOLE_WAY = 3
_ENDS = ("quarantined", "awaiting_mapping", "rejected", "loaded", "duplicate")
_OURS = ("Traceback", 'File "', "Error:", "Exception")
KINDS: dict[str, tuple[Mutation, ...]] = {"xls": XLS, "xlsx": XLSX}


def run(world: World, scale: Scale) -> Outcome:
    """`times` mutations of each kind of file."""
    outcome = Outcome(scale)
    inbox = _client(world)
    for kind, mutations in KINDS.items():
        rng = random.Random(f"{scale.seed} {kind}")
        _workbooks(kind, mutations, rng, inbox, outcome)
    spools(world.folder, random.Random(f"{scale.seed} spools"), outcome)
    return outcome


def _client(world: World) -> Inbox:
    world.fleet.db.conn.cursor().execute(
        "insert into client (code, name) values ('dupont', 'Dupont')"
    )
    return Inbox("dupont", world.fleet.db)


def _bases(kind: str) -> list[bytes]:
    people: Rows = [
        ["Prénom", "Nom", "Téléphone", "Ville", "Achat"],
        *[["Zoé", f"O'Brien {n}", number(n), "Nîmes €", 12.5 * n] for n in range(40)],
    ]
    short: Rows = [[639980000 + n] for n in range(8)]
    return [xls(people), xls(short)] if kind == "xls" else [xlsx(people), xlsx(short, people)]


def _workbooks(
    kind: str, mutations: tuple[Mutation, ...], rng: random.Random, inbox: Inbox, outcome: Outcome
) -> None:
    bases, seen = _bases(kind), Counter[str]()
    most_kib, longest, ended = 0, 0.0, 0
    with Reader() as reader:
        for n in range(outcome.scale.times):
            data = rng.choice(mutations)(rng, rng.choice(bases))
            read = reader.read(data, f"clients.{kind}")
            seen[read.outcome] += 1
            most_kib, longest = max(most_kib, read.kib), max(longest, read.seconds)
            _expect(outcome, kind, n, read)
            ended += read.died
            if n % WHOLE_WAY == 0 or (read.died and ended <= ENDED_WHOLE_WAY):
                _whole_way(inbox, f"clients__{n}.{kind}", data, outcome, seen)
    outcome.counted[kind] = {
        "files": outcome.scale.times,
        "outcomes": dict(seen.most_common()),
        "most_mib": round(most_kib / 1024),
        "longest_seconds": round(longest, 2),
    }


def _expect(outcome: Outcome, kind: str, n: int, read: Read) -> None:
    what = f"{kind} {n}: {read.outcome}"
    outcome.expect(not read.unexplained, f"{what}: {read.said[-300:]}")
    outcome.expect(read.kib < MOST_KIB, f"{what} took {read.kib // 1024} MiB")
    outcome.expect(read.seconds < MOST_SECONDS, f"{what} took {read.seconds:.0f} s")


def _whole_way(inbox: Inbox, name: str, data: bytes, outcome: Outcome, seen: Counter[str]) -> None:
    try:
        receipt = inbox.drop(name, data)
    except Exception as error:  # noqa: BLE001 (a worker that dies of it is what is looked for)
        outcome.expect(False, f"{name}: the worker died of {error!r}")
        return
    seen[f"receipt: {receipt['state']}"] += 1
    outcome.expect(receipt["state"] in _ENDS, f"{name} is {receipt['state']}")
    folder = inbox.root / "outbox/imports" / str(receipt["import_id"])
    for file in (f for f in Path(folder).iterdir() if f.suffix in (".html", ".json", ".csv")):
        text = file.read_text("utf-8")
        shown = [word for word in _OURS if word in text and word.encode() not in data]
        outcome.expect(not shown, f"{name}: {file.name} shows {shown}")
