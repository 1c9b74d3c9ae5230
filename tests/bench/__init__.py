"""Benchmarks, run by hand: they print tables of ratios and fail nothing."""
