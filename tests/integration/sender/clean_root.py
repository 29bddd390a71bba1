"""A root file system with nothing of ours in it, entered in namespaces of its own, offline."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ENTER = """
set -e
root=$1 local=$2; shift 2
if [ -n "$local" ]; then
  mount --bind /usr "$root/usr"
  mount -o remount,bind,ro "$root/usr"
  mount --bind "$local" "$root/usr/local"
fi
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot "$root" "$@"
"""
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}


def why_not(*tools: str) -> str | None:
    """Return why no root can be entered here, None if it can."""
    if os.geteuid() != 0:
        return "needs root for a mount namespace"
    missing = [tool for tool in ("unshare", "chroot", *tools) if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "t", "/mnt"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"no mount namespace: {tried.stderr.strip()}" if tried.returncode else None


@dataclass(frozen=True)
class CleanRoot:
    """A root; `local` is its /usr/local where /usr is lent by this computer, read-only."""

    folder: Path
    local: Path | None = None

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it, without a network."""
        return subprocess.run(
            [
                *("unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", ENTER, "enter"),
                *(str(self.folder), str(self.local or ""), *command),
            ],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def lines(self, file: str) -> list[str]:
        """Return the lines of one of its files."""
        return (self.folder / file).read_text().splitlines()


def lent(folder: Path) -> CleanRoot:
    """Make a root with this computer's /usr and nothing else of it."""
    root, local = folder / "root", folder / "local"
    for name in ("etc", "usr", "proc", "dev", "tmp", "root", "opt", "var/lib", "run"):
        (root / name).mkdir(parents=True)
    local.mkdir()
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\ndialout:x:20:\n")
    return CleanRoot(root, local)


def debian(folder: Path) -> CleanRoot:
    """Make a Debian 12 of its essential packages, systemd and Python."""
    root = folder / "root"
    root.mkdir()
    subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,systemd"),
            *("--dpkgopt=path-exclude=/usr/share/doc/*", "bookworm", str(folder / "root.tar")),
        ],
        check=True,
        timeout=1500,
    )
    subprocess.run(["tar", "-xf", str(folder / "root.tar"), "-C", str(root)], check=True)
    return CleanRoot(root)
