"""Files handled with care: whole or not at all, within bounds, and nobody else's."""
