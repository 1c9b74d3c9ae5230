"""A home as one file, taken while its runs go on, and brought back."""
