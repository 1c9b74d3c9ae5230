"""The trigger `error_log`."""
