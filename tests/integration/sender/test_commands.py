"""The commands a person types on a modem host."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.sender.hosts import Fleet, Host, Machine, until

Make = Callable[[Host], Machine]


def sender(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sms_sender", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def document(*arguments: str) -> Any:
    status, out, err = sender(*arguments)
    assert out, err
    return {"exit": status, "document": json.loads(out)}


def test_a_working_day(fleet: Fleet, machine: Make) -> None:
    host = fleet.host()
    here = machine(host)
    here.simulate(2, "--delivered", "0")
    config = ("--config", str(here.config))

    assert document("modems", "list", "--json", *config)["document"] == [
        {"port": port} for port in here.ports
    ]
    probed = document("modems", "probe", "--json", *config)
    assert probed["exit"] == 0
    assert {modem["sim_state"] for modem in probed["document"]} == {"ready"}

    stopped = document("status", "--json", *config)
    assert (stopped["exit"], stopped["document"]["running"]) == (1, False)
    status, _, words = sender("disconnect", *config)
    assert (status, words.count("\n")) == (1, 1)

    findings = document("doctor", "--json", *config)
    assert findings["exit"] == 0, findings
    checks = {finding["check"] for finding in findings["document"]}
    assert {"mac", "database", "clock", "journal", f"port {here.ports[0]}"} <= checks

    process = here.run()
    until(lambda: "status:" in here.log())
    until(lambda: document("status", "--json", *config)["document"].get("connected"))
    shown = document("status", "--json", *config)["document"]
    assert (shown["running"], shown["mac"], shown["alias"]) == (True, host.mac, "machine 1")
    status, out, _ = sender("status", *config)
    assert status == 0 and "machine 1" in out
    assert document("doctor", "--json", *config)["exit"] == 0
    status, out, err = sender("disconnect", *config)
    assert (status, process.wait(200)) == (0, 0), err


def test_connect(fleet: Fleet, machine: Make, tmp_path: Path) -> None:
    host = fleet.host()
    config = tmp_path / "sender.toml"
    config.write_text('credential_file = "server"\n')
    status, _, err = sender(
        "connect", host.url.replace("127.0.0.1:", "127.0.0.1:1"), "--config", str(config)
    )
    assert (status, err.count("\n")) == (1, 1)
    assert not (tmp_path / "server").exists()
    status, out, err = sender("connect", host.url, "--config", str(config))
    assert status == 0, err
    assert (tmp_path / "server").read_text().strip() == host.url
    assert (tmp_path / "server").stat().st_mode & 0o777 == 0o600
    assert host.url.split(":")[2].split("@")[0] not in out + err


def test_what_is_wrong_is_one_line(fleet: Fleet, machine: Make) -> None:
    here = machine(fleet.host())
    here.ports = ["/dev/null", str(here.folder / "gone")]
    here.configure(server="postgresql://nobody:x@127.0.0.1:1/db")
    findings = document("doctor", "--json", "--config", str(here.config))
    assert findings["exit"] == 1
    wrong = {f["check"] for f in findings["document"] if not f["ok"]}
    assert {"database", "clock", "port /dev/null", f"port {here.ports[1]}"} <= wrong
    for arguments in (
        ("status", "--config", "/nowhere/sender.toml"),
        ("run", "--config", "/nowhere/sender.toml"),
        ("encode", "--to", "nonsense", "texte"),
    ):
        status, out, err = sender(*arguments)
        assert (status, out, err.strip().count("\n")) == (1, "", 0), err


def test_encode() -> None:
    found = document("encode", "--to", "+33639980001", "--json", "Hello ça va ê")["document"]
    assert found["encoding"] == "ucs2"
    assert "ê" in found["ucs2_because"]
    assert [set(pdu) for pdu in found["pdus"]] == [{"length", "hex"}]


def test_the_credential_belongs_to_whom_its_folder_does(
    fleet: Fleet, machine: Make, tmp_path: Path
) -> None:
    host = fleet.host()
    here = machine(host)
    state = tmp_path / "state"
    state.mkdir()
    if os.geteuid() == 0:
        os.chown(state, 12345, 12345)
    here.config.write_text(f'credential_file = "{state}/server"\nmac = "{host.mac}"\n')
    status, _, err = sender("connect", host.url, "--config", str(here.config))
    assert status == 0, err
    written = (state / "server").stat()
    assert (written.st_mode & 0o777, written.st_uid) == (0o600, state.stat().st_uid)
    assert sender("mac", "--config", str(here.config)) == (0, f"{host.mac}\n", "")
