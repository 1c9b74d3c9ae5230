"""The keeper: a small process between exec and the agent, which ends everything of the run when exec is killed."""
