"""A repository as git sees it without what its own configuration could have git run: filters, monitors, helpers, aliases."""

# A run can write into the git folder of its repository, and into that of a submodule. What Clodputer does there afterwards is
# done outside any sandbox, so of the repository's configuration only what describes its files is read: the list below. All
# else of it counts for nothing; the person's own settings of git count as ever.
from __future__ import annotations

import os
import re
from contextlib import suppress
from errno import EINVAL
from hashlib import sha256
from shutil import rmtree
from typing import Optional

from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.git import git

# Names as git lists them: section and key in small letters. None of them names a program, a file that is run, or one that
# is written.
_TAKEN = re.compile(
    r"core\.(?:repositoryformatversion|filemode|bare|ignorecase|precomposeunicode|symlinks|autocrlf|eol|"
    r"safecrlf|checkroundtripencoding|excludesfile|attributesfile|sparsecheckout|sparsecheckoutcone|bigfilethreshold|"
    r"logallrefupdates|sharedrepository|longpaths|trustctime|checkstat|compression)|"
    r"extensions\.(?!worktreeconfig$).+|index\.sparse|"
    r"remote\.(?s:.+)\.(?:url|pushurl|fetch|promisor|partialclonefilter|tagopt)|"
    r"url\.(?s:.+)\.(?:insteadof|pushinsteadof)|"
    r"http\.(?!(?s:.*)(?:cookiefile|savecookies)$)(?s:.+)|credential\.(?:(?s:.+)\.)?(?:username|usehttppath)|"
    r"lfs\.(?:url|repositoryformatversion|fetchinclude|fetchexclude)"
)
_INCLUDE = re.compile(r"include(?:if\.(?s:.+))?\.path")
_FILTER = re.compile(r"filter\.((?s:.+))\.(?:smudge|process)")
# What git keeps in the folder that all worktrees share: each becomes a link. git writes files through one whose end is not
# there yet, but makes no folder through it.
_FILES, _FOLDERS = ("packed-refs", "shallow"), ("refs", "info", "logs", "lfs", "reftable")
# The git folder that this is the view of, as a link.
_VIEWED = "viewed"
# Of a configuration, in bytes.
LARGEST = 1024 * 1024
# What this process has made of them, by the folder: how the files looked that it was made from.
_made: dict[str, tuple[Optional[tuple[int, ...]], ...]] = {}


def variables(common: str, own: str, cache: str, tree: str = "") -> dict[str, str]:
    """The variables with which git works in a repository, and obeys nothing of what is in its configuration.

    common: its git folder; own: that of the worktree, the same for the checkout itself. cache: one of our folders, in which a
    small one is kept for each repository. tree: where the files are. Raises git.Missing, OSError.
    """
    # Worktrees share one, but for those that are configured by themselves.
    viewed = own if os.path.lexists(f"{own}/config.worktree") else common
    folder = f"{cache}/{sha256(os.fsencode(viewed)).hexdigest()[:24]}"
    stamps = (_stamp(f"{common}/config"), _stamp(f"{own}/config.worktree"))
    if _made.get(folder) != stamps or not os.path.lexists(f"{folder}/config"):
        _forget_gone(cache)
        _make(common, own, folder)
        with suppress(FileExistsError):
            os.symlink(viewed, f"{folder}/{_VIEWED}")
        _made[folder] = stamps
    return {
        "GIT_DIR": own,
        "GIT_COMMON_DIR": folder,
        "GIT_OBJECT_DIRECTORY": f"{common}/objects",
        **({"GIT_WORK_TREE": tree} if tree else {}),
    }


def filters(common: str) -> list[str]:
    """The filters of files that a repository's own configuration names, and that are not run. Raises git.Missing, OSError."""
    found = (_FILTER.fullmatch(name) for name, _ in _listed(f"{common}/config"))
    return list(dict.fromkeys(match[1] for match in found if match))


def hooks(common: str) -> list[str]:
    """The folders that a repository's own settings and the person's name for hooks, as written. Raises git.Missing, OSError."""
    own = [value for name, value in _listed(f"{common}/config") if name == "core.hookspath"]
    said = git.call(["config", "--global", "--includes", "--type=path", "--get-all", "core.hooksPath"], "/")
    return [*own, *said.out.splitlines()]


def includes(config: str) -> list[str]:
    """The files that a configuration file includes under whatever condition, as written. Raises git.Missing, OSError."""
    try:
        with open(config, "rb") as file:
            if b"include" not in file.read(LARGEST).lower():
                return []
    except OSError:
        return []
    said = git.call(["config", "--file", config, "--no-includes", "--list", "-z"], "/", git.LOOK)
    settings = (entry.partition("\n") for entry in said.out.split("\0"))
    return [value for name, _, value in settings if _INCLUDE.fullmatch(name) and value]


def _stamp(path: str) -> Optional[tuple[int, ...]]:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _forget_gone(cache: str) -> None:
    """Remove what was kept for repositories, and for submodules of worktrees, that are no more."""
    for name in entries(cache):
        with suppress(OSError):
            if not os.path.isdir(os.readlink(f"{cache}/{name}/{_VIEWED}")):
                rmtree(f"{cache}/{name}", ignore_errors=True)


def _make(common: str, own: str, folder: str) -> None:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in (*_FILES, *_FOLDERS):
        if name in _FILES or os.path.isdir(f"{common}/{name}"):
            with suppress(FileExistsError):
                os.symlink(f"{common}/{name}", f"{folder}/{name}")
    atomic.write(f"{folder}/config", _config(common, own), durable=False)


def _config(common: str, own: str) -> bytes:
    """What is taken over of the configuration of a repository and of its worktree. Raises git.Missing, OSError."""
    settings = _listed(f"{common}/config")
    if any(name == "extensions.worktreeconfig" for name, _ in settings):
        settings += _listed(f"{own}/config.worktree")
    lines = [_line(name, value) for name, value in settings if _TAKEN.fullmatch(name) and "\n" not in name]
    return "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")


def _listed(path: str) -> list[tuple[str, str]]:
    if not os.path.isfile(path):
        return []
    # The file alone, with those that it includes; to list it runs nothing.
    said = git.call(["config", "--file", path, "--includes", "--list", "-z"], "/", git.LOOK)
    if said.status or len(said.out) > LARGEST:
        raise OSError(EINVAL, f"this configuration of git cannot be read: {said.why}", path)
    entries = (entry.partition("\n") for entry in said.out.split("\0") if entry)
    return [(name, value if has else "true") for name, has, value in entries]


def _line(name: str, value: str) -> str:
    """One setting as a line of a configuration file."""
    section, _, key = name.rpartition(".")
    head, dot, sub = section.partition(".")
    escaped = sub.replace("\\", "\\\\").replace('"', '\\"')
    title = f'[{head} "{escaped}"]' if dot else f"[{head}]"
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'{title} {key} = "{quoted}"'
