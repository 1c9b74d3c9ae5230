"""A home as one file, and back: backup and restore, and one task by itself as a document."""
