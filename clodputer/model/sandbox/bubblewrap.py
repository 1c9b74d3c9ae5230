"""The arguments of bubblewrap for a plan: a name space of everything, no rights in it, and the mounts in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clodputer.model.sandbox.plan import HIDE, WRITE, Mount

# How many processes bubblewrap has above the program: itself, and the first one of the new name space of processes.
DEPTH = 2

# `--unshare-pid` and `--die-with-parent` only together have everything inside end with bubblewrap. `--cap-drop ALL` counts for
# root alone, who would keep every right inside. bubblewrap itself forbids set-uid programs to gain anything (no_new_privs).
_ALONE = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--unshare-net",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
)


def prefix(
    bwrap: str,
    mounts: Iterable[Mount],
    links: Iterable[tuple[str, str]],
    working_directory: str,
    forward: Sequence[str] = (),
) -> tuple[str, ...]:
    """What stands before the command of a run. links: (path, target), made first. forward: a program of ours in between."""
    argv = [bwrap, *_ALONE]
    for path, target in links:
        argv += ["--symlink", target, path]
    argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    for mount in mounts:
        if mount.kind == HIDE and mount.folder:
            argv += ["--perms", "0500", "--tmpfs", mount.path, "--remount-ro", mount.path]
        elif mount.kind == HIDE:
            argv += ["--ro-bind", "/dev/null", mount.path]
        else:
            argv += ["--bind" if mount.kind == WRITE else "--ro-bind", mount.source, mount.path]
    argv += ["--remount-ro", "/", "--remount-ro", "/run", "--chdir", working_directory, "--", *forward]
    return tuple(argv)
