"""Tasks taken in from elsewhere: a task's own document, and what other programs schedule."""
