"""What the doctor looks at of agents: their programs and logins, their sandboxes and worktrees, and the trials of tasks."""
