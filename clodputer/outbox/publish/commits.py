"""What git says of the commits of a run: gathered from their objects alone, whatever the repository is set to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from clodputer.isolate.worktree import pinned
from clodputer.model.publish import tokens
from clodputer.model.publish.check import MOST_COMMITS, Change, Facts
from clodputer.model.publish.rule import MB, Publish
from clodputer.model.publish.text import closing
from clodputer.model.text.mask import Masker
from clodputer.store.git import git
from clodputer.store.git.gitapart import Apart, Unsaid, apart
from clodputer.store.git.trees import Tree
from clodputer.store.home import Home

# In bytes: what the files that changed may have together for their patch to be read.
LARGEST_FILES = 64 * MB


def folder(home: Home, run_id: str) -> str:
    """Where git works for a run, apart from the repository."""
    return f"{home.trees}/.publish/{run_id}.git"


def gather(
    home: Home, tree: Tree, rule: Publish, masker: Masker, remote: Mapping[str, Any] = MappingProxyType({})
) -> Facts:
    """The facts by which it is decided whether the commits of a tree may be pushed. Never raises for what git says.

    remote: as it was noted before the run (runner/publish/around.py).
    """
    unsent = int(remote.get("unsent") or 0)
    known = Facts(under_way=tree.problems, uncommitted=tree.changes, older=unsent)
    try:
        said = pinned.call(tree, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
        head = said.out.strip()
        if said.status or not head:
            return known._replace(problem="its HEAD names no commit")
        with apart(tree.common, folder(home, tree.run_id), head) as place:
            # Whatever was there before the run and is on no remote is sent along, and is looked at as well: as far as the
            # repository knows. The remote itself is asked before the push (outbox/publish/unsent.py).
            since = [str(one) for one in remote.get("since") or ()] if unsent else [tree.commit]
            new = (head, *(f"^{commit}" for commit in since))
            made = place.said("rev-list", "--max-count=1", head, f"^{tree.commit}").split()
            commits = place.said("rev-list", f"--max-count={MOST_COMMITS + 1}", *new).split() if made else []
            return facts(place, commits, [tree.commit], known._replace(head=head), rule, masker)
    except Unsaid as error:
        return known._replace(problem=str(error))
    except (OSError, git.Missing) as error:
        return known._replace(
            problem=getattr(error, "strerror", None) or str(error) or "there is no git in PATH"
        )


def facts(
    place: Apart, commits: Sequence[str], bases: Sequence[str], known: Facts, rule: Publish, masker: Masker
) -> Facts:
    """What commits change, each by itself, and up to the head that is known all together since each of the bases.

    Raises Unsaid, git.Missing, OSError.
    """
    known = known._replace(commits=len(commits))
    if not 0 < known.commits <= MOST_COMMITS:
        return known
    new = ("--no-walk=unsorted", *commits)
    raw = ("--raw", "-r", "-z", "--no-renames", "--no-abbrev")
    # What each commit changes, as all of them are sent, and what they change together: a merge can undo without a change.
    entries = [*_entries(place.said("log", "--format=", "-c", *raw, *new))]
    for base in bases:
        entries += _entries(place.said("diff-tree", *raw, base, known.head))
    changes = tuple(dict.fromkeys(change for change, _ in entries))
    known = known._replace(changes=changes)
    if len({change.path for change in changes}) > rule.max_files:
        return known
    hashes = {name for _, name in entries if name.strip("0")}
    sizes = place.said("cat-file", "--batch-check=%(objectsize)", given="".join(f"{one}\n" for one in hashes))
    total = sum(int(line) for line in sizes.split() if line.isdigit())
    if total > LARGEST_FILES:
        return known._replace(patch=total)
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
    messages = place.said("log", "--no-color", "--format=%an%n%ae%n%cn%n%ce%n%B", *new)
    patch = place.said("log", "--format=", "--cc", "-p", "-U0", "--text", *plain, *new)
    if len(patch) >= git.LARGEST:
        return known._replace(patch=len(patch))
    return known._replace(
        patch=len(patch.encode("utf-8", "surrogateescape")),
        secrets=tuple(_secrets(patch, messages, masker)),
        closing=tuple(dict.fromkeys(closing(messages))),
    )


def _entries(raw: str) -> Iterator[tuple[Change, str]]:
    """The changes in what `--raw -z` prints, each with the hash of the new content; of a merge, against all parents."""
    fields = iter(raw.split("\0"))
    for field in fields:
        line = field.lstrip("\n")
        parents = len(line) - len(line.lstrip(":"))
        if not parents:
            continue
        words, path = line[parents:].split(" "), next(fields, "")
        modes = [int(word, 8) for word in words[: parents + 1]]
        # Of several parents the first odd one tells: a link that one of them had was there.
        yield Change(path, max(modes[:-1]), modes[-1]), words[2 * parents + 1]


def _secrets(patch: str, messages: str, masker: Masker) -> Iterator[str]:
    """In words, the kinds of secrets in what the commits add, and in which file; never a secret itself."""
    yield from (f"{kind} in a commit's message" for kind in _kinds(messages, masker))
    for path, added in _added(patch):
        yield from (f"{kind} in {path}" for kind in _kinds(added, masker))


def _kinds(text: str, masker: Masker) -> list[str]:
    found = [f"a {kind}" for kind in tokens.found(text)]
    return [*found, *(["a secret of this home"] if masker.found_in((text,)) else [])]


def _added(patch: str) -> Iterator[tuple[str, str]]:
    """For each file of a patch, what is added to it, with its name, which may hold a secret as well."""
    path, lines = "", list[str]()
    for line in patch.split("\n"):
        if line.startswith(("diff --git ", "diff --cc ", "diff --combined ")):
            yield path, "\n".join(lines)
            path, lines = line.split(" ", 2)[2][:300], [line]
        elif not line.startswith("-"):
            lines.append(line)
    yield path, "\n".join(lines)
