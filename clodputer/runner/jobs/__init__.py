"""Lanes with an engine: requests are submitted as jobs, looked at, run on nodes, and seen to when their job has ended."""
