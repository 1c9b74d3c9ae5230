"""Answers in words: one file for each thing that more than one command shows."""
