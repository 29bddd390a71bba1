"""Emulated modems on pseudo-terminals that speak real bytes: `sms-sender simulate`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `sms-sender simulate`."""
    raise NotImplementedError


def run(args: argparse.Namespace) -> int:
    """Run the modems until SIGTERM or SIGINT; returns the exit status."""
    raise NotImplementedError
