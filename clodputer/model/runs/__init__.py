"""Runs, decided purely: their limits and clocks, how they ended, and whether they are tried again."""
