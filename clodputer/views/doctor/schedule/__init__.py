"""What the doctor looks at of time: the schedulers and their alarms, the clock, and what runs on other machines."""
