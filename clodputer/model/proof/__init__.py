"""Whether a run did its work, decided purely: what it had to bring about, what it changed, and what it had to leave alone."""
