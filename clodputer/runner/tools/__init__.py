"""Tools whose reports triggers read: each is run beside the runs, contained as an agent is, and then its trigger looks."""
