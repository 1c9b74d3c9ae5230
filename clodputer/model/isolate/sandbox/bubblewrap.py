"""The arguments of bubblewrap for a plan: a name space of everything, no rights in it, and the mounts in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clodputer.model.isolate.sandbox.plan import HIDE, WRITE, Mount

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
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
)

# The settings of the kernel belong to root, who writes to them without any capability: bubblewrap 0.8 leaves them writable.
_KERNEL = ("sys", "sysrq-trigger", "irq", "bus", "fs", "driver", "tty", "acpi", "scsi", "mtrr", "pressure")


def prefix(
    bwrap: str,
    mounts: Iterable[Mount],
    links: Iterable[tuple[str, str]],
    working_directory: str,
    forward: Sequence[str] = (),
) -> tuple[str, ...]:
    """What comes before the command of a run. links: (path, target), made first. forward: one of our programs in between."""
    argv = [bwrap, *_ALONE]
    closed = ["/", "/run"]
    for path, target in links:
        argv += ["--symlink", target, path]
    argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    for name in _KERNEL:
        argv += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for mount in mounts:
        if mount.kind == HIDE and mount.folder:
            # Made read-only at the end, for what is shown inside it needs a place there.
            argv += ["--tmpfs", mount.path]
            closed.append(mount.path)
        elif mount.kind == HIDE:
            argv += ["--ro-bind", "/dev/null", mount.path]
        else:
            argv += ["--bind" if mount.kind == WRITE else "--ro-bind", mount.source, mount.path]
    for path in closed:
        argv += ["--remount-ro", path]
    return (*argv, "--chdir", working_directory, "--", *forward)
