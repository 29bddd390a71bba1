"""The shape of a dialect."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of modems differs.

    `words` are looked for in maker and model, in lower case. `init` is sent after the standard
    initialisation, each command tolerated when refused. `notify` are the AT+CNMI settings to try,
    best first: inbound stored and announced (so that a crash loses none), reports handed over
    directly. `iccid` are vendor commands for SIMs whose EF_ICCID cannot be read.
    """

    name: str
    words: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    notify: tuple[str, ...] = ("2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0", "2,1,0,0,0")
    iccid: tuple[str, ...] = ("AT+CCID",)

    def matches(self, name: str) -> bool:
        """Say whether `name`, maker and model in lower case, is of this family."""
        return any(word in name for word in self.words)


GENERIC = Dialect("generic")
