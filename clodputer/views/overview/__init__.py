"""A home in one look, for people: its state, the digest of a night, and what needs somebody."""
