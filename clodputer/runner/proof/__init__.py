"""Proof: whether there is work for a run, asked before it, and whether its work is done, looked at afterwards."""
