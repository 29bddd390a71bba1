"""Great Expectations as it is imported here: without what nobody asks of it, and no less sure."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import pandas as pd
from include.contacts import expectations, gx_library
from include.contacts.mapping import Mapping

finders = list(sys.meta_path)
gx_library.great_expectations()
assert sys.meta_path == finders
hidden = [name for name in ("sqlalchemy", "boto3", "botocore") if name in sys.modules]
assert not hidden, hidden
import sqlalchemy  # who needs it afterwards finds it
assert sqlalchemy.select
mapping = Mapping("x", {"phone": 1, "first_name": 2}, 1, 2)
frame = pd.DataFrame({
    "phone": [33639980001.0, None, 33639980002.0, 33639980002.0],
    "loaded_phone": [33639980001.0, None, 33639980002.0, 33639980002.0],
    "length(first_name)": [1, None, 255, 256],
})
results = expectations._add_up(expectations._validate_frames([frame, frame], mapping, 0.5), 0.5)
print([(r["success"], r["result"]["unexpected_count"]) for r in results])
"""


def test_what_is_left_out_is_not_what_checks_rows() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "[(True, 2), (True, 0), (False, 4), (False, 2)]"
