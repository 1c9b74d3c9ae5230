"""Completion: what can follow on a command line, and how each shell asks for it."""
