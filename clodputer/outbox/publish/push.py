"""Commits are pushed: by their hash, never by force, with the person's own settings of git, and a token that nobody can see."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from time import time
from typing import NamedTuple
from urllib.parse import urlsplit

from clodputer.isolate.worktree.reclaim import reclaim
from clodputer.model.publish.marker import other_branch
from clodputer.model.publish.parcel import Parcel, Push
from clodputer.model.worktree import UNPUSHED
from clodputer.store import git, trees
from clodputer.store.context import Context
from clodputer.store.gitapart import Apart, apart, without_login

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


class Pushed(NamedTuple):
    """What came of a push. branch: where the commits are on the remote. problem: why they are not, with no secret in it.

    final: another try would end the same way. behind: the branch has commits that these do not follow.
    """

    branch: str = ""
    problem: str = ""
    final: bool = False
    behind: bool = False


def push(context: Context, parcel: Parcel, token: str, *, may_turn: bool) -> Pushed:
    """Push the commits of a parcel; done again, it changes nothing. Raises git.Missing, OSError.

    token: for a remote that is reached by https, empty for the person's own login. may_turn: whether they may go to another
    branch when theirs has others that they do not follow.
    """
    wanted = parcel.push
    if wanted is None:
        return Pushed(problem="it is not known what to push", final=True)
    if not os.path.isdir(wanted.common):
        return Pushed(problem=f"its repository {wanted.common} is gone", final=True)
    folder = f"{context.home.trees}/.publish/{parcel.id}.push"
    url = _with_login(wanted)
    with apart(wanted.common, folder, wanted.commit, url) as place:
        given = token if _takes(url) else ""
        pushed = _push(context, place, wanted, wanted.branch, given)
        if pushed.behind and may_turn:
            pushed = _push(context, place, wanted, other_branch(wanted.branch, parcel.run_id), given)
    if pushed.branch:
        _note(wanted, pushed.branch)
        _tidy(context, parcel)
    return pushed


def _push(context: Context, place: Apart, wanted: Push, branch: str, token: str) -> Pushed:
    argv = ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "origin"]
    options: list[str] = []
    more: dict[str, str] = {}
    if token:
        # An empty helper: none of those that are set is asked, nor told the token to keep.
        options = ["-c", "credential.helper=", "-c", f"credential.username={USER}"]
        more["GIT_ASKPASS"] = _asking(place.folder)
    said = place.call([*options, *argv, f"{wanted.commit}:refs/heads/{branch}"], SECONDS, more, secret=token)
    if said.status == 0:
        return Pushed(branch)
    lines = [line for line in said.out.splitlines() if line.startswith("!")]
    told = " ".join(" ".join(line.split()[2:]) for line in lines) or said.why
    remote = [
        line[7:].strip() for line in said.err.splitlines() if line.startswith("remote:") and line[7:].strip()
    ]
    told = context.masker.text(" ".join([told, *remote])).replace(token or "\0", "***")[:400]
    if any(_NOT_FORWARD.search(line) for line in lines):
        return Pushed(
            problem=f"the branch {branch} has commits that these do not follow: {told}",
            final=True,
            behind=True,
        )
    return Pushed(problem=told, final=_FINAL.search(f"{said.out}\n{said.err}") is not None)


def _takes(url: str) -> bool:
    """Whether a token may go to a remote: by https, or within this machine, and where the person has written no login."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return (parts.scheme == "https" or here) and "@" not in parts.netloc


def _asking(folder: str) -> str:
    """The program that git asks for the token: it is read from a pipe, and stands in no file, argument or environment."""
    path = f"{folder}/ask"
    if not os.path.lexists(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(
                f'#!/bin/sh\ncase "$1" in Username*) echo {USER} ;; *) cat "/dev/fd/${git.SECRET}" ;; esac\n'
            )
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
