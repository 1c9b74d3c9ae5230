"""Other programs' schedules read as tasks: one pure module for each source, and what they share."""
