"""Plugins: one call of a program, contained as a run is, and the polls that are due, made beside the runs."""
