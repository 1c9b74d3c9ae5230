"""Processes that end: within a deadline, with bounded output, and with the one that started them."""
