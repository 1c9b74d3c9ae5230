"""Files that are there whole or not at all, and renames that survive a power cut."""

from __future__ import annotations

import os


def write(path: str, data: bytes, *, through: str = "", mode: int = 0o600, durable: bool = True) -> None:
    """Put `data` at `path` so that nobody, at any moment, sees a part of it.

    Temp file, fsync, rename, fsync of the folder. The temp file lies in the folder `through` when that is given (it must be
    on the same file system), else beside `path` under a dotted name. `durable=False` leaves out both fsyncs, for what means
    nothing after a power cut. Raises OSError, which names `path`; the temp file is then removed.
    """
    folder, name = os.path.split(path)
    temporary = f"{through or folder}/.{name}.{os.getpid()}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    except OSError as error:
        if not through:
            error.filename = path
        raise
    try:
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        if error.filename == temporary:
            error.filename = path
        raise named(error, path) from None
    except BaseException:
        os.unlink(temporary)
        raise
    if durable:
        sync_folder(folder)


def make_way(path: str) -> None:
    """Move a folder away from where one of our files is about to be written; nothing of it is deleted. Raises OSError."""
    if os.path.isdir(path) and not os.path.islink(path):
        os.rename(path, f"{path}.in-the-way-{os.getpid()}")


def create(path: str, data: bytes, *, durable: bool = True) -> None:
    """Put `data` at `path`, whole from the first moment on, unless something is there.

    `durable=False` leaves out the fsyncs, as in `write`. Raises FileExistsError when something is, and OSError.
    """
    folder, name = os.path.split(path)
    temporary = f"{folder}/.{name}.{os.getpid()}.new"
    try:
        write(temporary, data, durable=durable)
    except OSError as error:
        error.filename = path
        raise
    try:
        os.link(temporary, path)  # unlike a rename, it replaces nothing
    finally:
        os.unlink(temporary)
    if durable:
        sync_folder(folder)


def named(error: OSError, path: str) -> OSError:
    """The error, with the path of the file it is about: of what fails on a descriptor the system gives no name."""
    if error.filename is None:
        error.filename = path
    return error


def write_all(descriptor: int, data: bytes) -> None:
    """Write to a descriptor, however little it takes at once. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def remove(path: str) -> None:
    """Take a file away, unless it is gone already. Raises OSError."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def sync(path: str) -> None:
    """Make a file that something else has written, and its name, survive a power cut. Raises OSError."""
    sync_folder(path)
    sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Make the names in a folder, or the content of a file, survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise named(error, folder) from None
    finally:
        os.close(descriptor)
