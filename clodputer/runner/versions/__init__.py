"""Versions of claude: which one a binary is, which one a run is started with, and what changed with it."""
