"""The clients' bucket: which drops are complete, what they are, and who works on them."""
