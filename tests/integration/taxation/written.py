"""Spools written by hand, a record at a time."""

HEADER = (
    "#TicketVersion,1,5,L,CalledNumber,6,31,L,ChargedNumber,32,51,L,CallType,52,53,R,"
    "StartDateTime,54,70,L,EndDateTime,71,87,L,Duration,88,97,R,ChargedUserName,98,113,L"
)


def record(
    called: str = "0639980001",
    charged: str = "1001",
    call_type: str = "0",
    start: str = "20260310 10:00:00",
    end: str = "20260310 10:01:00",
    duration: str = "60",
    name: str = "Martin",
    version: str = "5.1",
    charset: str = "cp1252",
) -> bytes:
    """One record of ``HEADER``'s layout."""
    parts = [
        version.ljust(5), called.ljust(26), charged.ljust(20), call_type.rjust(2),
        start.ljust(17), end.ljust(17), duration.rjust(10), name.ljust(16),
    ]  # fmt: skip
    return "".join(parts).encode(charset)


def spool(*records: bytes, header: str = HEADER) -> bytes:
    """The text of a spool file with one layout."""
    return b"\n".join([header.encode("latin-1"), *records]) + b"\n"
