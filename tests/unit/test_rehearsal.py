"""What the rehearsals of production compute by themselves; what they run needs root and an engine."""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from rehearsal import upgrade
from rehearsal.day import differences, pace


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one commit, and no tag."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "README.md").write_text("old\n", encoding="utf-8")
    person = ("-c", "user.name=A", "-c", "user.email=a@a.example")
    for words in (("init", "-q"), ("add", "."), (*person, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    monkeypatch.setattr(upgrade, "ROOT", folder)
    return folder


def test_the_old_version_comes_from_its_tag(checkout: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "tag", upgrade.TAG], cwd=checkout, check=True)
    upgrade._export(tmp_path / "old.tar")
    with tarfile.open(tmp_path / "old.tar") as archive:
        assert archive.getnames() == ["README.md"]


def test_a_clone_without_the_old_version_is_told_why(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(upgrade.UpgradeError, match=r"neither the tag v0\.1\.0 nor its commit"):
        upgrade._export(tmp_path / "old.tar")


def test_summaries_differ_in_what_a_person_counts() -> None:
    ours = {"messages": {"sent": 1}, "seconds": {"total": 9}, "reports": ["a"]}
    assert differences(ours, {**ours, "seconds": {"total": 1}, "reports": ["b"]}) == []
    assert differences(ours, {**ours, "messages": {"sent": 2}}) == [
        "messages: {'sent': 1} here, {'sent': 2} on one machine"
    ]
    assert differences(ours, {**ours, "reports": []}) == ["reports: 1 here, 0"]


def test_the_pace_is_that_of_all_hosts_together(tmp_path: Path) -> None:
    for host, seconds in (("a", (0, 2)), ("b", (1, 4))):
        lines = [json.dumps({"at": f"2026-11-23T08:00:{s:02d}+00:00"}) for s in seconds]
        (tmp_path / host).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert pace([tmp_path / "a", tmp_path / "b"]) == 1.0
