"""Campaigns: from the client's file to messages in batches, and what their client is told of them."""
