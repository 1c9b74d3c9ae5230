"""Events: those that a run gives, and what the routes make of each that comes."""
