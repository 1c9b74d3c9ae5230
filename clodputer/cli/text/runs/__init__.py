"""Runs in words: the record, the conversation, the events, and what followed."""
