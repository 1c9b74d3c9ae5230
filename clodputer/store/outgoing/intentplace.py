"""Where the intents of a run lie: in a folder of its temporary one while it lasts, and afterwards in a file of its own."""

from __future__ import annotations

# The variable by which a run finds the folder.
VARIABLE = "CLODPUTER_INTENTS"
# In the run's folder: what was taken back.
KEPT = "intents.json"


def path(temporary: str) -> str:
    """The folder, in the temporary one of the run."""
    return f"{temporary}/intents"


def programs(folder: str) -> str:
    """Where `clodputer` lies for a run that has none in its PATH."""
    return f"{folder}/programs"
