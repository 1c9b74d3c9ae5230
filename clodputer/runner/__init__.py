"""The only floor that runs anything: intake, drain, spawn, settle."""
