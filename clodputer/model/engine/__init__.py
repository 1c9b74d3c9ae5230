"""Engines of jobs, decided purely: their keys, what is submitted, what their answers say, and what a job's end means."""
