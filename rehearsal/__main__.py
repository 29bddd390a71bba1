"""``python -m rehearsal run|up|down|demo|backup|upgrade``: see docs/runbooks/deployment.md."""

import json
import sys

from include.errors import SmsswitchError
from rehearsal import engine
from rehearsal.production import Production, tell


def up() -> int:
    """Bring everything up and leave it up: `down` takes it away."""
    with engine.engine(keep=True) as found:
        production = Production(found, tell)
        production.prepare()
        seconds = production.up()
        sys.stdout.write(json.dumps({"healthy": seconds, "memory": production.memory()}, indent=2))
        sys.stdout.write("\n")
    return 0


def down() -> int:
    """Take away what `up` has left."""
    with engine.engine() as found:
        production = Production(found, tell)
        production.load()
        production.down()
    return 0


TASKS = {"up": up, "down": down}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in TASKS:
        sys.exit(f"usage: python -m rehearsal {'|'.join(TASKS)}")
    try:
        sys.exit(TASKS[sys.argv[1]]())
    except SmsswitchError as error:
        sys.exit(f"rehearsal: {error}")
