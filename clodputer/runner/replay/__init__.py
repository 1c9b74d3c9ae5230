"""Runs of the past judged again: from what is kept of their streams, with today's rules."""
