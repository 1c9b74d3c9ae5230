"""What is done around a drain and beside its runs, which none of them waits for: messages, metrics, tidying, the report."""
