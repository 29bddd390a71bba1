"""A SeaweedFS server of the tests' own: S3 and SFTP on the same files, from the files of logins."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import fsspec
import paramiko

from include.bucket.logins import HOST_KEY, IDENTITIES, SFTP_USERS, Login, issue
from include.stack.processes import free_ports

CLIENTS = "clients-files"
ADMIN, PIPELINES = ("smsswitch-admin", "a" * 40), ("smsswitch-pipelines", "b" * 40)
ACTIONS = {ADMIN: ["Admin", "Read", "Write", "List"], PIPELINES: ["Read", "Write", "List"]}
# What `weed server` listens on besides; without a place of its own each takes a well-known port.
INNER = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)
_SECONDS = 120


@dataclass
class Seaweed:
    """The server, its one bucket, and the logins of clients."""

    folder: Path
    s3_port: int = 0
    sftp_port: int = 0
    process: subprocess.Popen[bytes] | None = None
    issued: dict[str, Login] = field(default_factory=dict)
    ssh_key: paramiko.PKey = field(default_factory=paramiko.ECDSAKey.generate)

    @property
    def logins(self) -> Path:
        return self.folder / "logins"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.s3_port}"

    def start(self) -> None:
        """Returns when it answers, on ports of its own."""
        (self.folder / "data").mkdir(parents=True)
        self._write_identities()
        self.s3_port, self.sftp_port, *inner = free_ports(len(INNER) + 2)
        command = [str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "server"]
        command += [f"-{name}={port}" for name, port in zip(INNER, inner, strict=True)]
        command += [f"-dir={self.folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        command += ["-master.volumeSizeLimitMB=64", "-volume.max=0", "-volume.preStopSeconds=0"]
        command += ["-filer", "-s3", f"-s3.port={self.s3_port}", f"-s3.config={self.identities}"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-sftp"]
        command += [
            f"-sftp.port={self.sftp_port}",
            f"-sftp.userStoreFile={self.logins / SFTP_USERS}",
        ]
        command += [f"-sftp.sshPrivateKey={self.logins / HOST_KEY}"]
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self._await()

    @property
    def identities(self) -> Path:
        return self.folder / "identities.json"

    def _write_identities(self) -> None:
        """Ours, and the clients' as the command wrote them."""
        ours = [
            {
                "name": name,
                "credentials": [{"accessKey": name, "secretKey": secret}],
                "actions": may,
            }
            for (name, secret), may in ACTIONS.items()
        ]
        theirs = json.loads((self.logins / IDENTITIES).read_text())["identities"]
        self.identities.write_text(json.dumps({"identities": [*ours, *theirs]}))

    def read_logins_anew(self) -> None:
        """As the centre's server does when the files have changed; takes a moment."""
        assert self.process is not None
        self._write_identities()
        self.process.send_signal(signal.SIGHUP)

    def _await(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None and self.process.poll() is None, self.told()
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):
                    pass
                self.fs(*ADMIN).mkdir(CLIENTS)
            except (URLError, OSError):
                time.sleep(0.1)
                continue
            return
        raise AssertionError(self.told())

    def told(self) -> str:
        return (self.folder / "weed.log").read_text("utf-8", errors="replace")[-3000:]

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def issue(self, *codes: str) -> None:
        """Logins of clients by the function of the command; the server knows them once it starts."""
        key = f"{self.ssh_key.get_name()} {self.ssh_key.get_base64()} mailing@client"
        for number, code in enumerate(codes, 1):
            self.issued[code] = issue(self.logins, CLIENTS, number, code, [key])

    def fs(self, key: str, secret: str) -> Any:
        """S3 as that user has it."""
        return fsspec.filesystem(
            "s3",
            key=key,
            secret=secret,
            client_kwargs={"endpoint_url": self.url, "region_name": "us-east-1"},
            use_listings_cache=False,
            skip_instance_cache=True,
        )
