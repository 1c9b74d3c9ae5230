"""What is kept about single requests, a file for each: decisions, attempts, jobs, scores, and why they wait."""
