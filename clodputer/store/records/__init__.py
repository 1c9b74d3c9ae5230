"""Runs and their records: the folders, what is sealed and masked of them, and what is asked of them afterwards."""
