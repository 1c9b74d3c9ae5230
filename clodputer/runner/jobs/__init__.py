"""Lanes with an engine: requests are submitted as jobs, looked at, run on nodes, and handled when their job has ended."""
