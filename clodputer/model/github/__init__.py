"""GitHub, decided purely: its setting, what an answer of its API means, and who may ask for a run."""
