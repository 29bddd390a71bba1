"""The real sender on a clock of its own: modems, network, centre and their faults from one seed."""
