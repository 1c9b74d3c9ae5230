"""Processes of a run: started, watched under its clocks, stopped, and swept away to the last one."""
