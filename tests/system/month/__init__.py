"""A month of unattended work, simulated: what is asked for, an agent that fails by dice, kills, and an independent checker."""
