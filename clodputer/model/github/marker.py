"""The mark that everything begins with which Clodputer writes on GitHub: by it its own comments are known."""

from __future__ import annotations

# Begins an HTML comment, which GitHub does not show.
BEGINS = "<!-- clodputer:"


def is_ours(text: str) -> bool:
    """Whether a comment says that it is one of ours. Anybody can write that; then what they write starts nothing."""
    return text.lstrip().startswith(BEGINS)
