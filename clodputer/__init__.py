"""Run Claude Code unattended: the scheduler is the clock, the file system the queue, a file lock the dispatcher."""

__version__ = "0.1.0"
