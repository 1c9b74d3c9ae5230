"""Webhooks, decided purely: HTTP read strictly, signatures verified, and what a delivery says."""
