"""What is to be told to the outside: written down as letters when it happens, and sent beside the runs, never before one."""
