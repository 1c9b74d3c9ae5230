"""Did you mean: the nearest of the words that would have been right."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'timeout'?)`, with its leading space, or an empty string when nothing is near."""
    # Imported here: difflib is only wanted once something is already wrong.
    from difflib import get_close_matches

    by_lower = {name.lower().replace("-", "_"): name for name in known}
    near = get_close_matches(word[:100].lower().replace("-", "_"), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
