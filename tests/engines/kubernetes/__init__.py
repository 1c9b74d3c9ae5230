"""A lane of Kubernetes, against a cluster that is played."""
