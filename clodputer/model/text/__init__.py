"""Text, read and written purely: moments and sizes, JSON within bounds, secrets masked, and what comes from outside fenced."""
