"""Intake: what comes into the queues. What is due and what sources found is dropped; what was dropped is queued."""
