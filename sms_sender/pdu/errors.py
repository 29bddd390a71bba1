"""The error of this package."""


class PduError(ValueError):
    """A text, number or PDU that cannot be encoded or decoded; the message says what and where."""
