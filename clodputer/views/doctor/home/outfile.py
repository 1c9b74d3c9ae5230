"""What the doctor looks at of a file that config.yaml has written again and again: whether it can be."""

from __future__ import annotations

import os

from clodputer.views.doctor.finding import Facts, Finding, problem


def unwritable(facts: Facts, key: str, what: str, path: str, said: str) -> list[Finding]:
    """What is in the way; empty when nothing is. key: of config.yaml, and of the check. said: why it failed the last time."""
    folder = os.path.dirname(path)
    if said:
        return problem(key, f"{what} cannot be written: {said}", f"Fix it, or {key} in {facts.home.config}.")
    if not os.path.isdir(folder):
        return problem(key, f"{key}: there is no folder {folder}", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = f"Give yourself write access to {folder}."
        return problem(key, f"{key}: nothing can be written to {folder}", remedy)
    return []
