"""Runs, for people: one of them with all there is of it, or many, and what followed them."""
