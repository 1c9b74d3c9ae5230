"""How much of each file of a project was changed lately, by the history of its git repository."""

from __future__ import annotations

from collections.abc import Mapping

from clodputer.model.findings import weigh
from clodputer.store.git import git

# In seconds: a look has ten in all.
LONGEST = 5.0


def of_folder(folder: str) -> Mapping[str, int]:
    """Lines added and removed in each file of the folder; nothing where git does not know, or takes too long."""
    try:
        said = git.call(
            (
                "log",
                f"--since={weigh.DAYS}.days",
                f"--max-count={weigh.MOST_COMMITS}",
                "--numstat",
                "--format=",
                "--no-renames",
                "--no-ext-diff",
                "--no-textconv",
                "--relative",
                "-z",
                "--",
                ".",
            ),
            folder,
            LONGEST,
            # A clone without its history must not be completed over the network.
            {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"},
        )
    except (git.Missing, OSError):
        return {}
    return weigh.churn(said.out) if said.status == 0 else {}
