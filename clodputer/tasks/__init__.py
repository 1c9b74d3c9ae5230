"""Task files as a whole: the key tables of every room put together, files checked by them, and loaded by name."""
