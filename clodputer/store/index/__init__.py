"""The index over the execution log: figures of a million runs without reading them all."""
