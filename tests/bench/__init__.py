"""How fast it is: ratios taken in one rotation, written as a table; nothing here passes or fails by a stopwatch."""
