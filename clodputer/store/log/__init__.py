"""The execution log: written, followed, archived."""
