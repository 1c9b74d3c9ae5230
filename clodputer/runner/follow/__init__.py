"""What follows a run: its follow-ups filled in and added to its record, its commands started, joins of several tasks."""
