"""What a run wants published: laid out before it, taken back after it, checked, and handed to the outbox."""
