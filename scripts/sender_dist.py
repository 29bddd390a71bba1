"""`make sender-dist`: one tar.gz that installs sms-sender on a Debian modem host without a network.

It is written to the folder given, or to dist/. The same commit gives the same bytes: names are
sorted, times and owners fixed.
"""

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "packaging" / "sender"
PYTHONS = ("3.11", "3.13")  # Debian 12 and 13
PLATFORMS = ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_28_x86_64")
WHEN = 1_577_836_800  # no file's time matters


def main(dist: Path) -> None:
    """Build sms-sender-VERSION.tar.gz in a folder and print its path."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    name = f"sms-sender-{version}"
    folder = dist.resolve() / name
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    _call(str(Path(sys.executable).with_name("uv")), "build", "--wheel", "-q", "-o", str(wheels))
    (wheels / ".gitignore").unlink(missing_ok=True)
    for python in PYTHONS:
        _download(wheels, python, "-r", str(ROOT / "requirements-sender.lock"))
    _download(wheels, PYTHONS[0], "pip")
    for file in FILES.iterdir():
        shutil.copy(file, folder)
    _write_sums(folder)
    archive = dist.resolve() / f"{name}.tar.gz"
    _pack(folder, archive)
    shutil.rmtree(folder)
    sys.stdout.write(f"{archive}\n")


def _download(wheels: Path, python: str, *what: str) -> None:
    abi = "cp" + python.replace(".", "")
    platforms = [option for name in PLATFORMS for option in ("--platform", name)]
    _call(
        *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--implementation", "cp", "--abi", abi),
        *("--python-version", python, *platforms, "-d", str(wheels), *what),
    )


def _call(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])}: {done.stderr.strip()[-2000:]}")


def _write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n"
        for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def _pack(folder: Path, archive: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            info = tar.gettarinfo(path, str(path.relative_to(folder.parent)))
            info.mtime, info.uid, info.gid, info.uname, info.gname = WHEN, 0, 0, "root", "root"
            info.mode = 0o755 if path.is_dir() or path.suffix == ".sh" else 0o644
            with path.open("rb") if path.is_file() else io.BytesIO() as content:
                tar.addfile(info, content)
    archive.write_bytes(gzip.compress(packed.getvalue(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
