"""``python -m include.cli``: the same as the ``smsswitch`` command."""

from include.cli import main

main()
