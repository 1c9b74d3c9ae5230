"""What keeps a home in order: migrations, daily chores, what is written again and again, and its end."""
