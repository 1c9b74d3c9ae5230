"""When to look again, kept as the names of empty files: an `exec` with nothing to do reads nothing else."""
