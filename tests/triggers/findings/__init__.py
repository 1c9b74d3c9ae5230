"""The trigger `findings`."""
