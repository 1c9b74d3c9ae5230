"""Leftovers: what a run has left of git's own files by which git of a person would run a program, or write elsewhere."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from clodputer.isolate.sandbox.aside import ASIDE, put_aside
from clodputer.store.git import git

# How many folders are looked through for repositories, the outer ones first.
MOST_FOLDERS = 500_000
# Of a file of git that is read, in bytes.
LARGEST = 1024 * 1024
# Settings, as git lists them, that name no program, no other file and nobody to whom a login is shown. What `git init` and
# `git clone` write is among them.
_QUIET = re.compile(
    r"core\.(?:repositoryformatversion|filemode|bare|ignorecase|precomposeunicode|symlinks|logallrefupdates|autocrlf|eol)|"
    r"extensions\.objectformat|remote\.(?s:.+)\.(?:url|fetch)|branch\.(?s:.+)\.(?:remote|merge|rebase)|"
    r"user\.(?:name|email)|init\.defaultbranch|submodule\.active"
)
# What is under way in a repository, of which git takes up the rest at a `--continue`: todo lists and options.
_TODO, _OPTIONS = "git-rebase-todo", "opts"
_UNDER_WAY = ("rebase-merge", "rebase-apply", "sequencer")
# Ways to merge that come with git; one of another name is a program.
_BUILT_IN = frozenset(("ort", "recursive", "resolve", "octopus", "ours", "subtree", ""))
_RUNS = re.compile(r"^\s*(?:x|exec)\b", re.MULTILINE)
_STRATEGY = re.compile(r"^\s*strategy\s*=\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
# In a git folder of a run's own making, each would lead to settings elsewhere.
_NEVER = ("commondir", "config.worktree", "modules", "worktrees")
# Of a git folder what names other files, and git takes them as they are named: the next commit copies those of MERGE_RR into
# the git folder, wherever they are; the two folders are an old way to say where a remote is, whose hooks a push would start.
_NAMING = ("MERGE_RR", "remotes", "branches")

_NOTES = {"work", "skip", "folders", "git", "repositories", "links", "under_way", "naming", "settings"}


def repositories(work: str, skip: Iterable[str] = ()) -> Iterator[str]:
    """The heads of all repositories below a folder: their `.git`, or the HEAD of one without files. Nothing is followed.

    Git takes a folder for one without files also when `commondir` says where the rest of it is.
    """
    passed, waiting = set(skip), deque((work,))
    for _ in range(MOST_FOLDERS):
        if not waiting:
            return
        folder = waiting.popleft()
        entries = {entry.name: entry for entry in _entries(folder)}
        if "HEAD" in entries and ({"objects", "refs"} <= entries.keys() or "commondir" in entries):
            yield f"{folder}/HEAD"
        for name, entry in entries.items():
            if entry.path in passed:
                continue
            if name.lower() == ".git":
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)


def folder_of(head: str) -> str:
    """The git folder that a repository keeps at its head."""
    return os.path.dirname(head) if os.path.basename(head) == "HEAD" else head


def before(
    work: str, folders: Iterable[str], heads: Iterable[str], skip: Iterable[str] = ()
) -> dict[str, Any]:
    """What is there as the run begins, to be told from what it leaves: JSON values.

    work: where it works. folders: git folders that it may write to. heads: of the repositories that are there.
    skip: what the task lets it change.
    """
    every = dict.fromkeys(folders)
    folders = [one for one in every if not any(one.startswith(f"{other}/") for other in every)]
    return {
        "work": work,
        "skip": list(skip),
        "folders": folders,
        "repositories": [_identity(head) for head in heads],
        "links": [_entry(path) for folder in folders for path in _strange(folder)],
        "under_way": {path: _digest(path) for folder in every for path in _under_way(folder)},
        "naming": {path: _digest(path) for folder in every for path in _naming(folder)},
        "git": list(every),
        "settings": {path: _text(path) for folder in every for path in _settings(folder)},
    }


def after(facts: Mapping[str, Any]) -> list[str]:
    """Put aside what has come since then and is not harmless; the paths. May be repeated, and never raises."""
    if not facts.keys() >= _NOTES:
        return []  # notes that were not written to their end
    aside = put_aside(_found(facts))
    restored = [path for path, former in facts["settings"].items() if _restored(path, former)]
    return [*restored, *(path for path in aside if path not in {f"{other}/HEAD" for other in aside})]


def _found(facts: Mapping[str, Any]) -> list[str]:
    known = {_pair(one) for one in facts["repositories"]}
    links = {_pair(one) for one in facts["links"]}
    found = []
    for folder in facts["folders"]:
        found += [path for path in _strange(folder) if _pair(_entry(path)) not in links]
    for path in (path for folder in facts["git"] for path in _under_way(folder)):
        if _runs(path) and facts["under_way"].get(path) != _digest(path):
            found.append(path)
    for path in (path for folder in facts["git"] for path in _naming(folder)):
        if facts["naming"].get(path) != _digest(path):
            found.append(path)
    for head in repositories(facts["work"], facts["skip"]):
        if _pair(_identity(head)) in known:
            continue
        if _harmless(head):
            found += _naming(folder_of(head))
        else:
            # By its other name it would be a repository without files.
            found += [f"{head}/HEAD", head] if _is_folder(head) else [head]
    return found


def _settings(folder: str) -> list[str]:
    return [path for name in ("config", "config.worktree") if os.path.isfile(path := f"{folder}/{name}")]


def _restored(path: str, former: str) -> bool:
    """Put a configuration aside that says more than before by which a program could be run, and bring back the former one.

    It was read-only; but a person who changes such a file meanwhile puts a new one in its place, to which the run can write.
    """
    if not os.path.lexists(path) or (_text(path) == former and not os.path.islink(path)):
        return False
    if not os.path.islink(path) and set(loud(path)) <= set(_loud_in(former)):
        return False
    if not put_aside([path]):
        return False
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(former)
    return True


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _harmless(head: str) -> bool:
    """Whether git finds nothing to run and no way elsewhere in a repository that the run has made."""
    folder = folder_of(head)
    if not _is_folder(folder) or next(_strange(folder), ""):
        return False
    if any(os.path.lexists(f"{folder}/{name}") for name in _NEVER) or any(map(_runs, _under_way(folder))):
        return False
    return not _hooks(f"{folder}/hooks") and not loud(f"{folder}/config")


def loud(config: str) -> list[str]:
    """The settings of a configuration file that are not harmless, each with its value; one that cannot be read is."""
    if not os.path.lexists(config):
        return []
    if not _regular(config):
        return [config]
    return _loud_in(_text(config))


def _loud_in(text: str) -> list[str]:
    """The same of the text of one; what cannot be read is a setting by itself."""
    if not text:
        return []
    given = text.encode("utf-8", "surrogateescape")
    try:
        said = git.call(
            ["config", "--file", "-", "--no-includes", "--list", "-z"], "/", git.LOOK, given=given
        )
    except (git.Missing, OSError):
        return [text]
    if said.status or len(given) >= LARGEST:
        return [text]
    return [one for one in said.out.split("\0") if one and not _quiet(*one.partition("\n")[::2])]


def _quiet(name: str, value: str) -> bool:
    # `ext::sh -c ...` is a program.
    return _QUIET.fullmatch(name) is not None and not (name.endswith(".url") and "::" in value)


def _hooks(folder: str) -> bool:
    return os.path.lexists(folder) and (
        not os.path.isdir(folder)
        or any(
            not entry.name.endswith(".sample") and os.access(entry.path, os.X_OK)
            for entry in _entries(folder)
        )
    )


def _under_way(folder: str) -> list[str]:
    return [path for name in _UNDER_WAY if os.path.lexists(path := f"{folder}/{name}")]


def _naming(folder: str) -> list[str]:
    paths = (f"{folder}/{name}" for name in _NAMING)
    return [path for path in paths if os.path.lexists(path) and (not _is_folder(path) or _entries(path))]


def _runs(path: str) -> bool:
    """Whether git would run a program as it goes on with what is under way."""
    lines = "".join(_text(f"{path}/{name}") for name in (_TODO, "todo"))
    ways = [_text(f"{path}/strategy").strip(), *_STRATEGY.findall(_text(f"{path}/{_OPTIONS}"))]
    return bool(_RUNS.search(lines)) or any(way.strip('"') not in _BUILT_IN for way in ways)


def _strange(folder: str) -> Iterator[str]:
    """What is neither a file nor a folder in a git folder: links, through which git would write, and pipes."""
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif not (entry.is_file(follow_symlinks=False) or entry.name.endswith(ASIDE) or _is_head(entry)):
                yield entry.path


def _is_head(entry: os.DirEntry[str]) -> bool:
    """Whether it is the link to a branch that git makes in place of the file HEAD where it is told to."""
    if entry.name != "HEAD" or not entry.is_symlink():
        return False
    target = os.readlink(entry.path)
    return target.startswith("refs/heads/") and ".." not in target.split("/")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder; one that the run has closed to its owner is opened."""
    for _ in range(2):
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except PermissionError:
            with suppress(OSError):
                os.chmod(folder, 0o700)
        except OSError:
            return []
    return []


def _identity(head: str) -> list[Any]:
    """What stays of a repository when it is moved, and is another one for what is put in its place."""
    try:
        found = os.lstat(folder_of(head))
    except OSError:
        return [head]
    return [found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode)]


def _entry(path: str) -> list[Any]:
    try:
        return [path, os.readlink(path)]
    except OSError:
        return [path, ""]


def _pair(one: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(one)


def _digest(path: str) -> str:
    """Of a file, or of the files in a folder."""
    within = sorted(_entries(path), key=lambda one: one.name)
    texts = [_text(path), *(f"{entry.name}\0{_text(entry.path)}" for entry in within)]
    return sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()


def _regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _text(path: str) -> str:
    """Of a regular file, through no link; empty when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        # Asked before it is read: a folder would be an error.
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.read(descriptor, LARGEST).decode("utf-8", "surrogateescape") if regular else ""
    finally:
        os.close(descriptor)
