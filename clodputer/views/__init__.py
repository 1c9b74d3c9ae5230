"""What a person wants to know, gathered: read and computed, nothing changed."""
