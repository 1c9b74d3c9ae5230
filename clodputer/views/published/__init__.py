"""What runs made, for people: what was published and what became of it, and the worktrees that were kept."""
