"""`sms-sender simulate`: the options, and running until told to stop."""

import argparse
import dataclasses
import signal
import sys
from pathlib import Path
from types import FrameType

from sms_sender.simulator.farm import Farm
from sms_sender.simulator.options import Options

_RATES = {
    "reject": "numbers the network does not know",
    "retryable": "temporary errors (38, 41, 42, 47, 331, 512)",
    "network-timeout": "+CMS ERROR: 332, half of which went out",
    "silent": "no answer after Ctrl-Z, half of which went out",
    "late": "answers that come after --late-after",
    "noise": "unsolicited lines between prompt and answer",
    "hang": "the modem hangs after Ctrl-Z for --hang-for",
    "unplug": "the port vanishes after Ctrl-Z for --replug-after",
    "delivered": "numbers that receive (default 1)",
    "undelivered": "numbers that are reported undelivered; the rest gets no report",
    "reply": "numbers that reply --reply-text",
}
_SECONDS = {
    "late-after": "a late answer's delay",
    "hang-for": "how long a modem hangs",
    "replug-after": "how long a port is away",
    "report-delay": "from sending to the delivery report",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `sms-sender simulate`."""
    parser.add_argument("--modems", type=_count, default=1, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument(
        "--offset", type=int, default=0, metavar="N", help="added to each modem's number"
    )
    parser.add_argument(
        "--latency", type=_not_negative, default=0.0, metavar="MS", help="from Ctrl-Z to +CMGS"
    )
    parser.add_argument(
        "--command-latency", type=_not_negative, default=0.0, metavar="MS", help="other commands"
    )
    parser.add_argument("--network-log", type=Path, metavar="FILE", help="what went out, as JSON")
    parser.add_argument("--ports-file", type=Path, metavar="FILE", help="the paths, one a line")
    parser.add_argument(
        "--links", type=Path, metavar="DIR", help="where the ports are (default: a new folder)"
    )
    for name, what in _RATES.items():
        parser.add_argument(f"--{name}", type=_rate, metavar="RATE", help=what)
    for name, what in _SECONDS.items():
        parser.add_argument(f"--{name}", type=_not_negative, metavar="S", help=what)
    parser.add_argument("--reply-text", metavar="TEXT")
    parser.add_argument("--credit", type=int, metavar="N", help="messages each SIM may send")
    parser.add_argument("--credit-code", type=int, metavar="CODE", help="+CMS ERROR without credit")
    parser.add_argument("--pin", metavar="PIN", help="the SIMs ask for it")
    parser.add_argument("--same-imei", action="store_true", help="clones")
    parser.add_argument("--text-only", action="store_true", help="no PDU mode")
    parser.add_argument("--no-smss", action="store_true", help="EF_SMSS cannot be read")


def run(args: argparse.Namespace) -> int:
    """Print the paths, then serve until SIGTERM or SIGINT; returns the exit status."""
    try:
        farm = Farm(options_of(args))
    except OSError as error:
        print(f"simulate: {error}", file=sys.stderr)  # noqa: T201
        return 1

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        farm.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if args.ports_file is not None:
        _write_atomically(args.ports_file, "".join(f"{port}\n" for port in farm.ports))
    print("\n".join(farm.ports), flush=True)  # noqa: T201
    farm.run()
    return 0


def options_of(args: argparse.Namespace) -> Options:
    """Return the options that the arguments mean."""
    given = {
        field.name: value
        for field in dataclasses.fields(Options)
        if (value := getattr(args, field.name, None)) is not None
    }
    given["latency"] = args.latency / 1000
    given["command_latency"] = args.command_latency / 1000
    given["sim_smss"] = not args.no_smss
    return Options(**given)


def _write_atomically(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("between 1 and 1000")
    return number


def _rate(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("between 0 and 1")
    return number


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError("not negative")
    return number
