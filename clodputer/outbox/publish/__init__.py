"""Parcels sent: commits pushed, GitHub's API called, each step once whatever happens in between; and looked after since."""
