"""What a run needs set up before it and undone after it: one file for each resource."""
