"""Money: tariffs, prices of calls and messages, credit."""
