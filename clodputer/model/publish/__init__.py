"""Publishing, decided purely: what a run wants sent out, whether it may be, and how it is known again once it was sent."""
