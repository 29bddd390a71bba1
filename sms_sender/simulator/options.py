"""What a set of emulated modems is asked to be like."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Rates are probabilities from 0 to 1; times are seconds.

    Rates of numbers (`reject`, `delivered`, `undelivered`, `reply`) depend on seed and number
    alone, the others on seed, PDU and how often it was tried: a run repeats whatever the modems'
    order.
    """

    modems: int = 1
    seed: int = 1
    offset: int = 0
    """Added to the number of each modem, so that two sets of one seed share no IMEI and no SIM."""
    same_imei: bool = False
    latency: float = 0.0
    """From Ctrl-Z to `+CMGS`."""
    command_latency: float = 0.0
    network_log: Path | None = None
    links: Path | None = None
    """The folder of the links to the modems, which stay when a port changes; default: a new one."""

    reject: float = 0.0
    """Numbers that the network does not know (+CMS ERROR: 28, 30, 21 or 1)."""
    retryable: float = 0.0
    network_timeout: float = 0.0
    """+CMS ERROR: 332, of which half went out all the same."""
    silent: float = 0.0
    """No answer after Ctrl-Z, of which half went out all the same."""
    late: float = 0.0
    late_after: float = 90.0
    noise: float = 0.0
    hang: float = 0.0
    hang_for: float = 120.0
    unplug: float = 0.0
    """The port vanishes after Ctrl-Z, of which half went out all the same."""
    replug_after: float = 5.0

    report_delay: float = 1.0
    report_repeat: float = 20.0
    """After so long what was handed over and not acknowledged comes again (AT+CSMS=1)."""
    delivered: float = 1.0
    undelivered: float = 0.0
    """What is neither delivered nor undelivered gets no report."""
    reply: float = 0.0
    reply_text: str = "STOP"
    credit: int | None = None
    credit_code: int = 500
    pin: str | None = None
    text_only: bool = False
    """The modems have no PDU mode."""
    sim_smss: bool = True
    """Whether EF_SMSS can be read."""
