"""What the doctor looks at of the outside world: channels, webhooks, plugins, GitHub, and the secrets for them."""
