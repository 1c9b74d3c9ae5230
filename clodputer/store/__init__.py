"""What is on disk: one module for each thing."""
