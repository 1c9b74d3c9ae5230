"""Slot times, decided purely: cron expressions, intervals and fuzzy times, the hours that count, and what is due."""
