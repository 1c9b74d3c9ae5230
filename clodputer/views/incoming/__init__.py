"""What brings requests in, for people: routes, plugins and webhooks."""
