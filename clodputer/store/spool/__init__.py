"""The spool: a request's place is its state, and these files alone know the places."""
