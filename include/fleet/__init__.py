"""Groups of modems: who they are, what they can do, what became of what they were given."""
