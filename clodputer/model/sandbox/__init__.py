"""The sandbox of a run, decided purely: the keys, what is mounted where, which hosts may be reached, and why one does not hold."""
