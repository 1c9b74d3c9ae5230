"""Tests of publishing: from a run's intents to what the remote and GitHub have of them."""
