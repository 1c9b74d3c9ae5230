"""Findings of tools that look at code, decided purely: reports read, findings told apart and weighed, and what they lead to."""
