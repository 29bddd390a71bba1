"""One day of the switch, on a local stack: what `make demo` runs and what the end-to-end test checks."""
