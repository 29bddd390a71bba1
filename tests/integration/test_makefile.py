"""`make setup` where the checkout's path has a blank in it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = '#!/bin/sh\nprintf "%s|" "$VIRTUAL_ENV" "$@" >>"$(dirname "$0")/called"\n'


def test_setup_in_a_folder_with_a_blank_in_its_name(tmp_path: Path) -> None:
    checkout = tmp_path / "my checkout"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    for name in ("python", "uv"):
        file = checkout / ".venv" / "bin" / name
        file.write_text(STAND_IN)
        file.chmod(0o755)
    done = subprocess.run(
        ["make", "setup"], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    called = (checkout / ".venv" / "bin" / "called").read_text()
    assert f"{checkout / '.venv'}|pip|sync|" in called
    assert (checkout / ".venv" / ".synced").exists()
