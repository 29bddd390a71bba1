"""`make sender-dist`, and install.sh from what it makes, in a root with nothing of ours, offline."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.sender.clean_root import CleanRoot, debian, lent, why_not

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "packaging" / "sender"
BASE = {"smsswitch", "psycopg2_binary", "pyserial"}
NO_ROOT = why_not()
LONG = os.environ.get("SMSSWITCH_DEBIAN_ROOT") == "1"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make sender-dist` makes."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "sender_dist.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack it; returns its folder."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def distributions(venv: Path) -> set[str]:
    """Names of what is installed in a virtual environment."""
    return {p.name.split("-")[0] for p in venv.glob("lib/python*/site-packages/*.dist-info")}


def test_the_wheels_install_without_an_index_and_need_nothing_else(
    archive: Path, tmp_path: Path
) -> None:
    wheels = unpack(archive, tmp_path) / "wheels"
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (pip,) = wheels.glob("pip-*.whl")
    subprocess.run(
        [
            *(str(venv / "bin/python"), f"{pip}/pip", "--isolated", "install", "-q", "--no-index"),
            *("--find-links", str(wheels), "smsswitch"),
        ],
        check=True,
    )
    assert distributions(venv) == BASE
    helped = subprocess.run(
        [str(venv / "bin/sms-sender"), "--help"], capture_output=True, text=True, check=True
    )
    assert "claim batches" in helped.stdout


def test_the_archive_names_nobody_and_no_moment(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = {m.name.split("/", 1)[-1]: m for m in tar.getmembers()}
    assert members["install.sh"].mode == 0o755
    assert {(m.uname, m.uid, m.mtime) for m in members.values()} == {("root", 0, 1_577_836_800)}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")
def test_the_unit_is_sound(tmp_path: Path) -> None:
    text = (FILES / "sms-sender.service").read_text()
    unit = tmp_path / "sms-sender.service"
    unit.write_text(text.replace("/opt/sms-sender/venv/bin/sms-sender", "/bin/true"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in said.stderr.splitlines() if "sms-sender" in line]
    assert (said.returncode, ours) == (0, [])
    exposure = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert exposure.returncode == 0, exposure.stdout[-300:]
    for setting in ("Type=notify", "WatchdogSec=60", "TimeoutStopSec=90"):
        assert f"\n{setting}\n" in text


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is missing")
def test_the_installer_is_clean_for_shellcheck() -> None:
    subprocess.run(["shellcheck", str(FILES / "install.sh")], check=True)


ROOTS = [
    pytest.param(lent, id="lent", marks=pytest.mark.skipif(bool(NO_ROOT), reason=str(NO_ROOT))),
    pytest.param(
        debian,
        id="debian",
        marks=[
            pytest.mark.skipif(not LONG, reason="make sender-dist-check makes a whole Debian"),
            pytest.mark.skipif(
                LONG and bool(why_not("mmdebstrap")), reason=str(why_not("mmdebstrap"))
            ),
        ],
    ),
]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("make", ROOTS)
def test_install_upgrade_and_uninstall(
    make: Callable[[Path], CleanRoot], archive: Path, tmp_path: Path
) -> None:
    root = make(tmp_path)
    inside = f"/root/{unpack(archive, root.folder / 'root').name}"
    installed = root.run(f"{inside}/install.sh")
    assert installed.returncode == 0, installed.stderr + installed.stdout
    assert re.search(r"^MAC to enrol: ([0-9a-f]{2}:){5}[0-9a-f]{2}$", installed.stdout, re.M)
    assert_works(root)
    config = root.folder / "etc/sms-sender/sender.toml"
    config.write_text(config.read_text().replace('mac = "auto"', 'mac = "64:31:50:1b:e9:01"'))
    again = root.run(f"{inside}/install.sh")
    assert again.returncode == 0, again.stderr
    assert "MAC to enrol: 64:31:50:1b:e9:01" in again.stdout
    assert len(list((root.folder / "opt/sms-sender").iterdir())) == 2  # one version, and its link
    assert_damage_is_seen(root, inside)
    assert_works(root)
    assert_uninstalls(root, inside)


def assert_works(root: CleanRoot) -> None:
    """The service's user may read its configuration and use the ports; the unit is enabled."""
    (dialout,) = [line for line in root.lines("etc/group") if line.startswith("dialout:")]
    assert dialout.split(":")[-1] == "sms-sender"
    (venv,) = (root.folder / "opt/sms-sender").glob("2*")
    assert distributions(venv) == BASE
    user = ("setpriv", "--reuid=sms-sender", "--regid=sms-sender", "--init-groups")
    status = root.run(*user, "sms-sender", "status")
    assert "no sms-sender runs with /var/lib/sms-sender/journal.sqlite3" in status.stderr
    assert root.run(*user, "touch", "/var/lib/sms-sender/.w", "/etc/sms-sender/.w").returncode
    assert not (root.folder / "etc/sms-sender/.w").exists()
    assert (root.folder / "var/lib/sms-sender/.w").exists()
    wanted = root.folder / "etc/systemd/system/multi-user.target.wants/sms-sender.service"
    assert wanted.is_symlink()
    verified = root.run("systemd-analyze", "verify", "--man=no", "sms-sender.service")
    assert "sms-sender" not in verified.stderr
    rules = (root.folder / "etc/udev/rules.d/78-sms-sender.rules").read_text()
    assert 'ENV{ID_MM_PORT_IGNORE}="1"' in rules


def assert_damage_is_seen(root: CleanRoot, inside: str) -> None:
    (wheel,) = (root.folder / inside[1:] / "wheels").glob("pyserial-*.whl")
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:-1])
    refused = root.run(f"{inside}/install.sh")
    wheel.write_bytes(whole)
    assert refused.returncode == 1
    assert "this folder is damaged" in refused.stderr


def assert_uninstalls(root: CleanRoot, inside: str) -> None:
    removed = root.run(f"{inside}/install.sh", "--uninstall")
    assert removed.returncode == 0, removed.stderr
    assert root.run("sms-sender", "--help").returncode == 127
    left = ("etc/systemd/system/sms-sender.service", "etc/udev/rules.d/78-sms-sender.rules")
    assert not any((root.folder / name).exists() for name in (*left, "opt/sms-sender"))
    assert (root.folder / "etc/sms-sender/sender.toml").exists()
    assert (root.folder / "var/lib/sms-sender").exists()
    purged = root.run(f"{inside}/install.sh", "--uninstall", "--purge")
    assert purged.returncode == 0, purged.stderr
    assert not (root.folder / "etc/sms-sender").exists()
    assert not (root.folder / "var/lib/sms-sender").exists()
    assert not any(line.startswith("sms-sender:") for line in root.lines("etc/passwd"))
