"""What waits, for people: the queue and what keeps it waiting, what was set aside, and what waits for a decision."""
