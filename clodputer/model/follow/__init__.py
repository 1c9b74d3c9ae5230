"""What follows a run, decided purely: the keys, which follow-ups are called for, joins, and circles among tasks."""
