"""What starts the tasks, in words: installations, schedulers, and what the doctor found."""
