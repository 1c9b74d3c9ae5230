"""Task files: read with positions, checked, filled in, cached, written."""
