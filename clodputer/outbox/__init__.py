"""Messages to the outside: written down as letters when something happens, and sent beside the runs, never before one."""
