"""Contact lists: from a file that a client dropped to contacts, or to a reason why not."""
