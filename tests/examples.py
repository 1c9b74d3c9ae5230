"""How many random examples a test tries: on the main Python as many as it asks for, on each further one fewer."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The profile that bin/check chooses for further Pythons and the quick check, and how many examples it has where a test names no
# number.
PROFILE, FEW = "few", 20


def register() -> None:
    """Make the profile known. No test fails for being slow once, as hypothesis would have it on a busy machine."""
    settings.register_profile("all", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(PROFILE, settings.get_profile("all"), max_examples=FEW)
    settings.load_profile("all")


def examples(number: int) -> int:
    """The number for `@settings(max_examples=...)`, where a test names one."""
    return min(number, 2 * FEW) if settings().max_examples == FEW else number
