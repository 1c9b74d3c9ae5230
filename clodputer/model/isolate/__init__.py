"""The place of a run, decided purely: its worktree, its container, what is prepared in it."""
