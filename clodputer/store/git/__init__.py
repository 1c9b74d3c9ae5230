"""git, called so that nothing a repository configures is run, and the worktrees that runs have."""
