"""What waits, decided purely: lanes, the score that puts one request ahead of another, and what it is expected to take."""
