"""What a trigger of kind `github` looks for."""

from __future__ import annotations

from typing import NamedTuple


class Wish(NamedTuple):
    """Issues and pull requests of `repository` with all of these labels, as far as they are of these kinds, for a task.

    go: the word that approves a plan.
    """

    task: str
    repository: str
    labels: tuple[str, ...]
    kinds: frozenset[str]
    go: str
