"""The place of a run: its folder and worktree, its sandbox, its setup, its secrets, and what becomes of them."""
