"""Readings of this computer: its names, memory and power, its time zones, ports and proxies."""
