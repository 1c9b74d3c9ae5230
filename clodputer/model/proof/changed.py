"""What a run changed, as its record has it: files, by the calls of its tools and by git, and the tests that it ran."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

# So many files are named in a record, by paths no longer than this; how many there are is counted.
MOST_FILES, LONGEST_PATH = 100, 1000

# Who reported files.
TOOLS, GIT = "tools", "git"


class Counts(NamedTuple):
    """How many tests a run ran, by what its tools printed; without those that were skipped."""

    run: int
    passed: int
    failed: int


class Tree(NamedTuple):
    """A git work tree at one moment: its top folder, its commit (empty before the first one), and what differs from that.

    files: by the path from the top folder on, what tells a file's state apart from another one; None for one that is not there.
    """

    top: str
    head: str
    files: Mapping[str, Optional[Sequence[int]]]


class Changed(NamedTuple):
    """What a run changed. total: None when it is not known; it may be more than `files` has. by: who reported files."""

    files: tuple[str, ...] = ()
    total: Optional[int] = None
    by: tuple[str, ...] = ()
    tests: Optional[Counts] = None

    def to_json(self) -> dict[str, Any]:
        """The keys that a record has of it; they are a promise to programs."""
        return {
            "files_changed": list(self.files),
            "files_changed_total": self.total,
            "files_changed_by": list(self.by),
            "tests": None if self.tests is None else self.tests._asdict(),
        }


def status(output: str) -> tuple[str, tuple[str, ...]]:
    """The commit, empty before the first one, and the paths that differ from it, tracked or not.

    output: of `git status --porcelain=v2 --branch --no-renames -z`. A line of another form is left out.
    """
    head, paths = "", []
    for line in output.split("\0"):
        if line.startswith("# branch.oid "):
            head = line[len("# branch.oid ") :]
            continue
        # How many words come before the path (git-status(1)).
        before = {"1": 8, "u": 10, "?": 1}.get(line[:1])
        words = line.split(" ", before) if before else []
        if before and len(words) == before + 1:
            paths.append(words[-1])
    return ("" if head == "(initial)" else head), tuple(paths)


def between(before: Tree, after: Tree, committed: Iterable[str]) -> tuple[str, ...]:
    """The files that differ between two moments, by their paths from the top folder on, sorted.

    committed: those that differ between the two commits. What differed from the commit before, and is as it was then, does not
    count, whether or not it has been staged meanwhile.
    """
    absent = object()
    found = {
        path
        for path in {*before.files, *after.files}
        if before.files.get(path, absent) != after.files.get(path, absent)
    }
    return tuple(sorted({*found, *committed}))
