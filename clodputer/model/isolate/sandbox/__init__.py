"""The sandbox of a run, decided purely: its keys, what is mounted where, which hosts may be reached, why one does not hold."""
