"""Engines of jobs: played and real ones, and what is read of their answers."""
