"""What an agent is asked: the texts of a task with their templates filled in, and how they reach it."""
