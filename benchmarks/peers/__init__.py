"""Other senders on the same emulated modems, tuned as well as their settings allow."""
