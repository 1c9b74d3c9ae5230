"""Tasks, for people: what they are, what is wrong with their files, why they ran or did not, and what a trial found."""
