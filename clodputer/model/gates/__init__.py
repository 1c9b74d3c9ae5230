"""What may keep a request from being run now, decided purely: budgets, breakers, approvals, and the reasons to wait."""
