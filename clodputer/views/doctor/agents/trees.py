"""What the doctor looks at of worktrees: those that nothing explains, work that was left, and the room that they take."""

from __future__ import annotations

from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.store.git import trees as recorded
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok
from clodputer.views.published import trees as views

# More than that is worth a word, in bytes.
LARGE = 10 * 1024**3


def trees(facts: Facts) -> list[Finding]:
    """Folders and records in `trees/` that belong to no run, work that no remote has, and a disk that fills."""
    found: list[Finding] = []
    strange = recorded.unexplained(facts.home)
    if strange:
        found += note(
            "trees",
            f"{counted(len(strange), 'thing')} in {facts.home.trees} that belong to no run: {named(strange)}",
            "Look at it with: git -C FOLDER status. Then move it away; Clodputer does not remove it.",
        )
    there = tuple(recorded.everything(facts.home))
    left = [tree.run_id for tree in there if tree.undelivered]
    if left:
        found += note(
            "trees",
            f"{counted(len(left), 'worktree')} with work that no remote has: {named(left)}",
            "See: clodputer diff RUN; then take it, push it, or: clodputer discard RUN",
        )
    room = sum(views.size(tree.path) for tree in there)
    if room > LARGE:
        found += note(
            "trees", f"worktrees take {format_size(room)}", "See: clodputer trees reclaim --dry-run"
        )
    return found or ok("trees", f"{counted(len(there), 'worktree')}, {format_size(room)}")
