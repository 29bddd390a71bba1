"""What can go wrong with the local stack."""

from include.errors import SmsswitchError


class StackError(SmsswitchError):
    """The stack could not be started; the message is one line for a person."""
