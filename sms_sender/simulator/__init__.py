"""Emulated modems that speak real bytes, with the network behind them: `sms-sender simulate`."""

from sms_sender.simulator.command import add_arguments, run
from sms_sender.simulator.device import EmulatedModem
from sms_sender.simulator.farm import Farm
from sms_sender.simulator.log import NetworkCount, count_log, part_identity, read_log
from sms_sender.simulator.network import Network
from sms_sender.simulator.options import Options

__all__ = [
    "EmulatedModem",
    "Farm",
    "Network",
    "NetworkCount",
    "Options",
    "add_arguments",
    "count_log",
    "part_identity",
    "read_log",
    "run",
]
