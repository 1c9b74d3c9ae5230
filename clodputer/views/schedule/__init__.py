"""When tasks run, for people: slot times to come and those that led to no run, and the schedulers that keep them."""
