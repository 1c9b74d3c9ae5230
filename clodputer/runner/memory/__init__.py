"""The memory of a task around one of its runs: what it is given, and what it wants remembered."""
