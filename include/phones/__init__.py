"""Phone numbers as people and spreadsheets write them, to E.164.

`check` decides one number; `normalise` decides a whole column, the shapes it can prove with
vectorised expressions and the rest with `check`. Both agree on every number.
"""

from include.phones.column import Normalised, normalise
from include.phones.number import CODES, Checked, check

__all__ = ["CODES", "Checked", "Normalised", "check", "normalise"]
