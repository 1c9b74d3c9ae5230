"""The compressed stream of an archive: gzip by the standard library, zstd by Python 3.14 or by the program of that name."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from shutil import which
from typing import IO, Any, Optional

from clodputer.model.errors import ClodputerError

PLAIN, GZIP, ZSTD = "tar", "gzip", "zstd"
_MAGIC = {b"\x1f\x8b": GZIP, b"\x28\xb5\x2f\xfd": ZSTD}
# In seconds; the program has nothing left to do when its input has ended.
PATIENCE = 60.0


def by_name(name: str) -> str:
    """How an archive of that name is compressed."""
    if name.endswith((".tar.zst", ".tzst", ".zst")):
        return ZSTD
    return PLAIN if name.endswith(".tar") else GZIP


def by_content(first: bytes) -> str:
    """How an archive that begins with these bytes is compressed; anything unknown is taken for a plain one."""
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), PLAIN)


@contextmanager
def writing(out: IO[bytes], kind: str) -> Iterator[IO[bytes]]:
    """A stream whose bytes come compressed to `out`, complete when it is left without an error.

    Raises ClodputerError ("no_zstd"), OSError.
    """
    if kind == PLAIN:
        yield out
    elif kind == GZIP:
        # No time stamp inside: the same home makes the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=6, mtime=0) as stream:
            yield stream  # type: ignore[misc]
    else:
        module = _module()
        if module is not None:
            with module.ZstdFile(out, "wb") as stream:
                yield stream
        else:
            program = _program(["-q", "-c"], stdin=subprocess.PIPE, stdout=out)
            with program as process, _pipe(process.stdin) as stream:
                yield stream


@contextmanager
def reading(source: IO[bytes], kind: str) -> Iterator[IO[bytes]]:
    """A stream of what `source`, from where it is, holds. Raises ClodputerError ("no_zstd"), OSError."""
    if kind == PLAIN:
        yield source
    elif kind == GZIP:
        with gzip.GzipFile(fileobj=source, mode="rb") as stream:
            yield stream  # type: ignore[misc]
    else:
        module = _module()
        if module is not None:
            with module.ZstdFile(source, "rb") as stream:
                yield stream
        else:
            # The program reads the descriptor, which may be ahead of what the stream says.
            os.lseek(source.fileno(), source.tell(), os.SEEK_SET)
            program = _program(["-q", "-d", "-c"], stdin=source, stdout=subprocess.PIPE)
            with program as process, _pipe(process.stdout) as stream:
                yield stream
                # Whoever stops early leaves a program that cannot write, and is not to be blamed for it.
                while stream.read(1 << 16):
                    pass


@contextmanager
def _program(options: list[str], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    path = which("zstd")
    if path is None:
        raise ClodputerError(
            "no_zstd",
            "there is no zstd here: neither in this Python (3.14 has one) nor as a program on PATH",
            "Install zstd, or choose a name that ends in .tar.gz.",
        )
    process = subprocess.Popen([path, *options], stderr=subprocess.PIPE, **streams)
    try:
        yield process
        status = process.wait(PATIENCE)
    except BrokenPipeError:
        status = process.wait(PATIENCE) or 1  # it says why
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        said = process.stderr.read(4096) if process.stderr else b""
        if process.stderr:
            process.stderr.close()
    if status != 0:
        raise OSError(errno.EIO, f"zstd failed: {said.decode('utf-8', 'replace').strip()[:200] or status}")


def has_zstd() -> bool:
    """Whether archives can be compressed by zstd here."""
    return _module() is not None or which("zstd") is not None


def _pipe(stream: Optional[IO[bytes]]) -> IO[bytes]:
    if stream is None:
        raise OSError(errno.EPIPE, "zstd has no pipe")
    return stream


def _module() -> Optional[Any]:
    try:
        return import_module("compression.zstd")
    except ImportError:
        return None
