"""The MCP server: an agent lists, looks at, makes, changes and asks for runs of tasks, with the commands' own checks."""
