"""What goes wrong on a modem host; the docstring of an error says when it is raised."""


class SenderError(Exception):
    """Root of the sender's own errors."""


class ModemError(SenderError):
    """A modem cannot be used; the port is named first in the message.

    `written` is how many bytes of a failed write the port had taken all the same.
    """

    def __init__(self, message: str, written: int = 0) -> None:
        super().__init__(message)
        self.written = written


class ModemGone(ModemError):
    """The port vanished or cannot be opened (EIO, ENODEV, unplugged): open it again later."""


class ModemStuck(ModemError):
    """The port is there but the modem gives no orderly answer: reset or power-cycle it."""


class ModemUnusable(ModemError):
    """The modem answers but cannot send: it has no PDU mode, or its SIM is absent or locked."""


class ConfigurationError(SenderError):
    """The configuration file is missing or wrong; the message names the place."""


class JournalError(SenderError):
    """The journal cannot be written (disk full, damaged): nothing may be begun."""


class JournalLocked(JournalError):
    """Another process holds this journal."""


class ProtocolError(SenderError):
    """The centre answered something that cannot be understood."""


class CentreUnreachable(SenderError):
    """The centre cannot be reached just now, or asked to try again: try again later."""


class Fenced(SenderError):
    """Another process registered for this group after this one: begin nothing more."""


class Refused(SenderError):
    """The centre knows no such group, batch or message, or a value is out of its bounds."""
