"""Pure decisions and values: no files, no clock, no processes, no environment."""
