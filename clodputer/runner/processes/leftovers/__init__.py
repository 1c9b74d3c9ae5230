"""What a run has left behind: found by what is recorded of it, and ended."""
