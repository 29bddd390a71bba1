"""The images: official ones by digest where a registry can be reached, else made here from Debian.

A made image is named after what it is: Debian's PostgreSQL 15 is not called postgres:17.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from include.settings import ROOT
from rehearsal.engine import Engine, EngineError

Say = Callable[[str], None]
PULL_SECONDS = 900.0
WEED = Path(sys.executable).with_name("weed")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Image:
    """One base image: the variable of .env that names it, the official one, and what stands in."""

    variable: str
    made: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    def tag(self) -> str:
        """The local name; it changes with the recipe, wherever this checkout lies."""
        recipe = repr((self.packages, self.hooks, self.changes)).replace(str(ROOT), "").encode()
        return f"{self.made}:{hashlib.sha256(recipe).hexdigest()[:12]}"


def _folder(path: str, owner: str) -> str:
    return f'chroot "$1" install -d -o {owner} -g {owner} -m 0700 {path}'


IMAGES = (
    Image(
        "SMSSWITCH_BASE_IMAGE",
        "debian12-python3.11",
        ("python3", "python3-venv", "ca-certificates"),
        # The authorities this machine trusts: its way to the package index may have one of its own.
        (f"upload {CERTIFICATES} {CERTIFICATES}",),
        (f"ENV PIP_CERT={CERTIFICATES}",),
    ),
    Image(
        "SMSSWITCH_POSTGRES_IMAGE",
        "debian12-postgresql15",
        ("postgresql-15",),
        (
            'rm -rf "$1"/var/lib/postgresql/15 "$1"/etc/postgresql/15',
            _folder("/var/lib/postgresql/data", "postgres"),
        ),
        ("ENV LANG=C.UTF-8",),
    ),
    Image(
        "SMSSWITCH_REDIS_IMAGE",
        "debian12-redis7.0",
        ("redis-server",),
        (_folder("/data", "redis"),),
    ),
    Image(
        "SMSSWITCH_BUCKET_IMAGE",
        "debian12-seaweedfs4.48",
        ("wget",),
        (
            f"upload {WEED} /usr/local/bin/weed",
            'chmod 0755 "$1"/usr/local/bin/weed',
            _folder("/data", "1000"),
        ),
    ),
    Image("SMSSWITCH_PROXY_IMAGE", "debian12-nginx1.22", ("nginx-light", "curl")),
)


def provide(engine: Engine, official: dict[str, str], say: Say) -> dict[str, str]:
    """An image for every variable of IMAGES, pulled or made; ``official`` are the names to try."""
    reachable = True
    chosen = {}
    for image in IMAGES:
        pulled = _pull(engine, official[image.variable]) if reachable else None
        if pulled is None and reachable:
            reachable = False
            say("no registry can be reached: images are made from Debian's packages")
        chosen[image.variable] = pulled or _make(engine, image, say)
    return chosen


def _pull(engine: Engine, name: str) -> str | None:
    """The image by digest, or None if no registry gives it."""
    try:
        engine.docker("pull", "--quiet", name, seconds=PULL_SECONDS)
        digests = engine.docker("inspect", "--format", "{{index .RepoDigests 0}}", name)
    except (EngineError, subprocess.TimeoutExpired):
        return None
    return digests.strip()


def _make(engine: Engine, image: Image, say: Say) -> str:
    tag = image.tag()
    if engine.docker("images", "--quiet", tag).strip():
        return tag
    if which("mmdebstrap") is None:
        raise EngineError("mmdebstrap is missing (Debian: apt install mmdebstrap)")
    say(f"making {tag}")
    command = ["nice", "-n", "10", "mmdebstrap", "--quiet", "--variant=minbase"]
    command += [f"--include={','.join(image.packages)}"]
    command += [f"--customize-hook={hook}" for hook in image.hooks]
    changes = [word for change in image.changes for word in ("--change", change)]
    with subprocess.Popen(
        [*command, "bookworm", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as making:
        engine.docker("import", *changes, "-", f"{tag}-part", stdin=making.stdout)
        words = making.communicate()[1].decode(errors="replace")
    if making.returncode:
        raise EngineError(f"mmdebstrap for {tag}: {words.strip()[-600:]}")
    engine.docker("tag", f"{tag}-part", tag)
    engine.docker("rmi", f"{tag}-part")
    return tag
