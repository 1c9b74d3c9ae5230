"""Changed: what a run changed in the git work tree that it worked in, by two looks at it, and what its record says of that."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.agents import locate
from clodputer.model.proof.changed import GIT, LONGEST_PATH, MOST_FILES, TOOLS, Changed, Counts, Tree, between
from clodputer.model.run import Report
from clodputer.store.git import gittree
from clodputer.store.processes import deadline

# How long one look may take, in seconds; in a work tree that takes longer the changes are those that the agent reports.
PATIENCE = 5.0
# The child gets a little longer than git in it.
_MORE = 1.0


class Looked(NamedTuple):
    """The work tree before the run; `tree` is None when there is none, or it could not be looked at."""

    working_directory: str
    environ: Mapping[str, str]
    tree: Optional[Tree] = None


def before(working_directory: str, environ: Mapping[str, str]) -> Looked:
    """Look at the work tree that a folder is in, if any. environ: where git is looked for. Never raises.

    It costs a few milliseconds in a work tree, and a few system calls elsewhere. Two looks are compared, so that what
    differed from the last commit before is no change of the run's.
    """
    looked = Looked(working_directory, environ)
    top = gittree.top_of(working_directory)
    answer = _asked(looked, top) if top else None
    return looked if answer is None else looked._replace(tree=answer.tree)


def after(looked: Looked, report: Report) -> Changed:
    """What the run has changed, by its calls of tools and by git, as far as each can tell. Never raises."""
    folder, done = looked.working_directory, report.done
    called, tests = (done.files, done.tests) if done else (None, None)
    if called is None and looked.tree is None:
        return Changed()
    roots = dict.fromkeys((folder, os.path.realpath(folder)))
    if looked.tree is None:
        return put_together(roots, called, tests=tests)
    return put_together(roots, called, looked.tree.top, _seen(looked, looked.tree), tests)


def put_together(
    roots: Collection[str],
    called: Optional[Iterable[str]],
    top: str = "",
    seen: Optional[Iterable[str]] = None,
    tests: Optional[Counts] = None,
) -> Changed:
    """What the record says: each file once, from the working directory on if it lies there, else absolute.

    roots: all paths of the working directory, the one of the task first. called: what calls of tools wrote, None when nobody
    can tell. top, seen: the top folder of the git work tree, and the files in it that changed; None when git did not say.
    """
    named = (_shown(roots, path) for path in called or ())
    by_git = (_shown(roots, os.path.join(top, path)) for path in seen or ())
    files = list(dict.fromkeys((*named, *by_git)))
    by = tuple(name for name, told in ((TOOLS, called), (GIT, seen)) if told is not None)
    kept = tuple(path for path in files if len(path) <= LONGEST_PATH)[:MOST_FILES]
    return Changed(kept, len(files) if by else None, by, tests)


def _shown(roots: Collection[str], path: str) -> str:
    whole = os.path.normpath(path if os.path.isabs(path) else os.path.join(next(iter(roots), "/"), path))
    for root in roots:
        inside = root.rstrip("/") + "/"
        if whole.startswith(inside):
            whole = whole[len(inside) :]
            break
    # A name that is no UTF-8 came with halves of surrogate pairs, which no file can hold.
    return whole.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _seen(looked: Looked, was: Tree) -> Optional[tuple[str, ...]]:
    """The files that git sees changed; None when it does not say."""
    answer = _asked(looked, was.top, was.head)
    return None if answer is None else between(was, answer.tree, answer.committed)


class _Answer(NamedTuple):
    tree: Tree
    committed: tuple[str, ...] = ()


def _asked(looked: Looked, top: str, head: Optional[str] = None) -> Optional[_Answer]:
    """The work tree, and what differs between its commit and `head`; None when git does not say, or not in time.

    A child looks, as the folder may be on a server that is gone.
    """
    path = looked.environ.get("PATH", os.defpath)
    git = locate.find("git", locate.folders(path))
    if not git:
        return None
    env = gittree.environment(path, looked.environ.get("HOME", "/"), top)

    def look() -> list[Any]:
        tree = gittree.look(git, top, env, PATIENCE)
        if head is None or tree.head == head:
            return [tree.head, tree.files, []]
        return [tree.head, tree.files, gittree.committed(git, top, env, PATIENCE, head, tree.head)]

    try:
        now, files, committed = deadline.within(2 * PATIENCE + _MORE, look)
    except (OSError, deadline.WorkFailed):
        return None  # TimeoutError is an OSError
    return _Answer(Tree(top, now, files), tuple(committed))
