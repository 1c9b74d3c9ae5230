"""What people write on the command line, read: moments, JSON, tasks and worktrees."""
