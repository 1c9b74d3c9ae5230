"""The stream of claude, read purely: what it says of costs, tools, changes, errors and usage windows."""
