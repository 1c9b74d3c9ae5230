"""Numbers that many rooms need: digests, quantiles, waits that grow, and dice that fall the same way every time."""
