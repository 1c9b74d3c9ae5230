"""Commits are pushed: by their hash, never by force, with the person's own settings of git, and a token that nobody can see."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from time import time
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer.github.access import Server
from clodputer.isolate.worktree.reclaim import reclaim
from clodputer.model.isolate.worktree import UNPUSHED
from clodputer.model.publish import check, tokens
from clodputer.model.publish.check import Facts
from clodputer.model.publish.marker import other_branch
from clodputer.model.publish.parcel import Parcel, Push
from clodputer.outbox.publish import commits
from clodputer.outbox.publish.unsent import Remote, unsent
from clodputer.store.context import Context
from clodputer.store.git import git, trees
from clodputer.store.git.gitapart import Unsaid, apart, without_login

# In seconds: one push, and how long another writer of the repository is waited for to note what the remote has now.
SECONDS, PATIENCE = 120.0, 20.0
# GitHub takes any name with a token as the password.
USER = "x-access-token"

_NOT_FORWARD = re.compile(r"non-fast-forward|fetch first|stale info|needs force|already exists")
# What another try would end in as well.
_FINAL = re.compile(
    r"\[remote rejected\]|permission to .* denied|protected branch|write access .* not granted|"
    r"requested url returned error: 403|shallow update not allowed|refusing to allow",
    re.IGNORECASE,
)


# git asks in English, as its surroundings say.
_ASK = """\
#!/bin/sh
case "$1" in
Username*) echo {user} ;;
"Password for '{where}'"*) cat "/dev/fd/${secret}" ;;
*) echo "the token is not for: $1" >&2; exit 1 ;;
esac
"""


class Pushed(NamedTuple):
    """What came of a push. branch: where the commits are on the remote. problem: why they are not, with no secret in it.

    final: another try would end the same way. behind: the branch has commits that these do not follow.
    code: why they are not, in a word.
    """

    branch: str = ""
    problem: str = ""
    final: bool = False
    behind: bool = False
    code: str = "push_refused"


def push(context: Context, parcel: Parcel, server: Optional[Server], *, may_turn: bool) -> Pushed:
    """Push the commits of a parcel; done again, it changes nothing. Raises git.Missing, OSError.

    server: whose token a remote of its own gets that is reached by https; others, or None, have the person's own login.
    may_turn: whether the commits may go to another branch when theirs has others that they do not follow.
    """
    wanted = parcel.push
    if wanted is None:
        return Pushed(problem="it is not known what to push", final=True)
    if not os.path.isdir(wanted.common):
        return Pushed(problem=f"its repository {wanted.common} is gone", final=True)
    folder = f"{context.home.trees}/.publish/{parcel.id}.push"
    url = _with_login(wanted)
    with apart(wanted.common, folder, wanted.commit, url) as place:
        token = server.token if server is not None and server.takes_pushes(url) else ""
        remote = Remote(place)
        if token:
            # An empty helper: none of those that are set is asked, nor told the token to keep.
            options = ("-c", "credential.helper=", "-c", f"credential.username={USER}")
            remote = Remote(place, options, {"GIT_ASKPASS": _asking(folder, url)}, token)
        unfit = _unfit(context, parcel, wanted, remote)
        if unfit is not None:
            return unfit
        pushed = _push(context, wanted, wanted.branch, remote)
        if pushed.behind and may_turn:
            pushed = _push(context, wanted, other_branch(wanted.branch, parcel.run_id), remote)
    if pushed.branch:
        _note(wanted, pushed.branch)
        _tidy(context, parcel)
    return pushed


def _unfit(context: Context, parcel: Parcel, wanted: Push, remote: Remote) -> Optional[Pushed]:
    """Why the commits may not get to the remote, or why that is not known; None when they may.

    Everything is looked at that the remote itself does not have, whatever the repository says that it has.
    """
    try:
        new = unsent(remote, wanted.commit, wanted.begun, [*filter(None, (wanted.branch, parcel.base))])
        if not new.commits:
            return None  # they are there, and perhaps on another branch
        bases = dict.fromkeys(filter(None, (wanted.begun, new.base)))
        known = Facts(head=wanted.commit, older=new.older)
        found = commits.facts(remote.place, new.commits, [*bases], known, wanted.limits, context.masker)
    except Unsaid as error:
        return _failed(context, remote, str(error), error.said)
    against = check.refusals(found, wanted.limits)
    if not against:
        return None
    # The names of files can hold what must not be told.
    told = tokens.cut(context.masker.text(" ".join(one.message for one in against)))
    return Pushed(problem=told[:1000], final=True, code=against[0].code)


def _failed(context: Context, remote: Remote, told: str, said: git.Said) -> Pushed:
    told = context.masker.text(told).replace(remote.token or "\0", "***")[:400]
    return Pushed(problem=told, final=_FINAL.search(f"{said.out}\n{said.err}") is not None)


def _push(context: Context, wanted: Push, branch: str, remote: Remote) -> Pushed:
    argv = ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "origin"]
    said = remote.call([*argv, f"{wanted.commit}:refs/heads/{branch}"], SECONDS)
    if said.status == 0:
        return Pushed(branch)
    lines = [line for line in said.out.splitlines() if line.startswith("!")]
    told = " ".join(" ".join(line.split()[2:]) for line in lines) or said.why
    answered = [
        line[7:].strip() for line in said.err.splitlines() if line.startswith("remote:") and line[7:].strip()
    ]
    pushed = _failed(context, remote, " ".join([told, *answered]), said)
    if any(_NOT_FORWARD.search(line) for line in lines):
        told = f"the branch {branch} has commits that these do not follow: {pushed.problem}"
        return Pushed(problem=told, final=True, behind=True)
    return pushed


def _asking(folder: str, url: str) -> str:
    """The program that git asks for the token: it is read from a pipe, and is in no file, argument or environment.

    Only for the server of that address: one that redirects us elsewhere does not have the token sent there.
    """
    parts = urlsplit(url)
    path, where = f"{folder}/ask", f"{parts.scheme}://{USER}@{parts.netloc}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(_ASK.format(user=USER, where=where, secret=git.SECRET))
    return path


def _with_login(wanted: Push) -> str:
    """The address that was noted before the run, with the login that the person's settings have in it, if any."""
    for key in ("pushurl", "url"):
        said = git.call(
            ["--git-dir", wanted.common, "config", "--get", f"remote.{wanted.remote}.{key}"], wanted.common
        )
        now = said.out.strip("\n")
        if said.status == 0 and without_login(now) == wanted.url:
            return now
    return wanted.url


def _note(wanted: Push, branch: str) -> None:
    """Note in the repository what the remote has now, as a push by hand does: so nothing is taken for undelivered."""
    with suppress(OSError, git.Missing), git.writer(wanted.common, PATIENCE) as held:
        name = f"refs/remotes/{wanted.remote}/{branch}"
        git.call(["--git-dir", wanted.common, "update-ref", name, wanted.commit], wanted.common, held=held)


def _tidy(context: Context, parcel: Parcel) -> None:
    """Remove the worktree that was kept for its commits alone, when nothing else is in it."""
    record = trees.record_path(context.home, parcel.task, parcel.run_id)
    with suppress(OSError, git.Missing):
        tree = trees.read(record)
        if tree is not None and tree.undelivered and tree.keep == UNPUSHED and reclaim(record):
            context.log(
                time(), "tree_removed", task=tree.task, run_id=tree.run_id, path=tree.path, by="pushed"
            )
