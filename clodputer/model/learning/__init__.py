"""What past runs teach, decided purely: how often they succeed under which conditions, what changed, what fails again."""
