"""ntfy topics: asked for the messages that carry webhooks to a computer that nobody can reach from outside."""
