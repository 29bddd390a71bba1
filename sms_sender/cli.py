"""The `sms-sender` command."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sms_sender import control, daemon, doctor, simulator
from sms_sender.errors import ModemError, SenderError
from sms_sender.host import mac_address
from sms_sender.pdu import PduError, encode_report
from sms_sender.settings import DEFAULT_PATH, ModemSettings, Settings, load
from sms_sender.status import quota_text

REFUSED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 refused, 2 wrong use, 3 fenced off."""
    args = _parser().parse_args(argv)
    logging.basicConfig(
        level=logging.DEBUG if args.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    try:
        status: int = args.command(args)
    except (SenderError, PduError, OSError) as error:
        print(f"sms-sender: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sms-sender", description="Sends SMS for a centre.")
    parser.add_argument(
        "--version", action="version", version=f"sms-sender {daemon.package_version()}"
    )
    parser.add_argument("--verbose", action="store_true", help="say more in the log")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, what: str, configured: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        if configured:
            command.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="FILE")
        return command

    command = add("run", "claim batches and send them until told to stop")
    command.add_argument(
        "--until-idle", action="store_true", help="end once there was nothing to claim for 2 s"
    )
    command.set_defaults(command=_run)
    command = add("status", "how the running service is")
    command.add_argument("--json", action="store_true")
    command.add_argument("--watch", action="store_true", help="again every 2 s")
    command.set_defaults(command=_status)
    command = add("connect", "check a server's address and write it into the credential file")
    command.add_argument("server", metavar="SERVER")
    command.set_defaults(command=_connect)
    add("disconnect", "have the running service drain and end").set_defaults(command=_disconnect)
    command = add("doctor", "check everything that sending needs")
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=_doctor)
    add("mac", "the MAC address to enrol this host with").set_defaults(command=_mac)
    command = add("modems", "list the ports, or ask the modems who they are")
    command.add_argument("action", choices=("list", "probe"))
    command.add_argument("--json", action="store_true")
    command.set_defaults(command=_modems)
    command = add("encode", "show the PDUs of a text", configured=False)
    command.add_argument("--to", required=True, metavar="+NUMBER")
    command.add_argument("--json", action="store_true")
    command.add_argument("text")
    command.set_defaults(command=_encode)
    command = add("simulate", "emulate modems on pseudo-terminals", configured=False)
    simulator.add_arguments(command)
    command.set_defaults(command=simulator.run)
    return parser


def _run(args: argparse.Namespace) -> int:
    settings = load(args.config)
    return daemon.run(settings, lambda line: print(line, flush=True), until_idle=args.until_idle)


def _status(args: argparse.Namespace) -> int:
    settings = load(args.config, need_server=False)
    while True:
        try:
            document: dict[str, Any] = {"running": True, **control.ask_status(settings)}
        except control.NotRunning as error:
            if not args.json:
                raise
            document = {"running": False, "mac": mac_address(settings.mac), "error": str(error)}
        _show(document, args.json)
        if not args.watch:
            return 0 if document["running"] else REFUSED
        time.sleep(2)


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(document, ensure_ascii=False), flush=True)
        return
    for name in ("mac", "alias", "server", "connected", "state", "waiting", "in_flight", "counts"):
        print(f"{name:12} {document[name]}")
    for modem in document["modems"]:
        state = "in service" if modem["in_service"] else f"out: {modem['reason']}"
        print(
            f"{modem['port']}  IMEI {modem['imei']}  {modem['operator']}  "
            f"signal {modem['signal_label']}  {state}  {modem['counts']}"
            f"  {quota_text(modem['quota'])}  {modem['balance'] or ''}".rstrip()
        )
    for error in document["errors"]:
        print(f"error        {error}")
    sys.stdout.flush()


def _connect(args: argparse.Namespace) -> int:
    settings = load(args.config, need_server=False)
    path = control.connect(settings, args.server)
    print(f"{path}: written; start or restart the service")
    return 0


def _disconnect(args: argparse.Namespace) -> int:
    settings = load(args.config, need_server=False)
    control.disconnect(settings, settings.drain_seconds + daemon.UPLOAD_SECONDS + 10)
    print("drained and ended")
    return 0


def _mac(args: argparse.Namespace) -> int:
    print(mac_address(load(args.config, need_server=False).mac))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    findings = []
    for finding in doctor.examine(load(args.config)):
        findings.append(finding)
        if not args.json:
            print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.check}: {finding.detail}")
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    return 0 if all(finding.ok for finding in findings) else REFUSED


def _modems(args: argparse.Namespace) -> int:
    settings = load(args.config, need_server=False)
    found = [_modem(settings, modem, args.action) for modem in settings.ports()]
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for modem in found:
            print("  ".join(f"{name} {value}" for name, value in modem.items()))
    return 0 if all("error" not in modem for modem in found) else REFUSED


def _modem(settings: Settings, modem: ModemSettings, action: str) -> dict[str, Any]:
    if action == "list":
        return {"port": modem.port}
    try:
        found, balance = doctor.probe(settings, modem)
        return {"port": modem.port, **asdict(found), "balance": balance}
    except ModemError as error:
        return {"port": modem.port, "error": str(error)}


def _encode(args: argparse.Namespace) -> int:
    report = encode_report(args.to, args.text)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    print(f"{report['encoding']}, {len(report['parts'])} part(s)")
    if report["ucs2_because"]:
        print(f"UCS-2 because of: {' '.join(report['ucs2_because'])}")
    for pdu in report["pdus"]:
        print(f"AT+CMGS={pdu['length']}\n{pdu['hex']}")
    return 0
