"""The tests; a package, so that no other `tests` on the import path can come first."""
