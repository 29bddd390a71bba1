"""Things are killed, cut off and burnt; then the network's own log is held against the database."""
