"""GitHub's API: asked over HTTP with limits of size and time, with a token that is given to nobody else."""
