"""What holds of a task besides its file: what it remembers, whether it is disabled or reset, what a trial of it found."""
