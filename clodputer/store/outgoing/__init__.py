"""What goes out: the intents of runs, the letters and parcels that wait to be sent, and what was published."""
