"""The identities of emulated modems and their SIM cards."""

from dataclasses import dataclass

from sms_sender.simulator.options import Options

_OPERATORS = ("20801", "20810", "20820", "20815")


@dataclass(frozen=True, slots=True)
class Card:
    """Who an emulated modem and its SIM are; all made from seed, offset and index."""

    imei: str
    imsi: str
    iccid: str
    operator: str
    rssi: int


def make_card(options: Options, index: int) -> Card:
    """Return the card of modem `index`; numbers differ for every (seed, offset + index)."""
    number = options.offset + index
    seed = options.seed % 1_000_000
    imei_number = options.offset if options.same_imei else number
    operator = _OPERATORS[number % len(_OPERATORS)]
    imei = f"86{seed:06d}{imei_number:06d}"
    iccid = f"8933{operator[3:]}{seed:06d}{number:06d}"
    return Card(
        imei=imei + luhn(imei),
        imsi=f"{operator}{seed % 10_000:04d}{number:06d}",
        iccid=iccid + luhn(iccid),
        operator=operator,
        rssi=10 + (seed * 7 + number * 5) % 21,
    )


def luhn(digits: str) -> str:
    """Return the check digit of `digits` (ISO/IEC 7812)."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if at % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def swap_digits(digits: str) -> str:
    """Return digits as a SIM file holds them: pairs swapped, filled with F to ten octets."""
    filled = digits.ljust(20, "F")
    return "".join(filled[at + 1] + filled[at] for at in range(0, 20, 2))
