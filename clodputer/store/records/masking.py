"""Secrets taken out of files that stay: a run's streams, and the request that it was for."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from clodputer.model.text.mask import MASK, Masker
from clodputer.store.files import atomic
from clodputer.store.files.doing import doing

CHUNK = 1024 * 1024
_STREAMS = ("stdout", "stderr")


class _Spelling(NamedTuple):
    text: bytes
    anchor: bytes
    pattern: bytes


class _Raw(NamedTuple):
    """What to hide, in bytes. longest: of a spelling, with the digits that a pattern may take along."""

    spellings: tuple[_Spelling, ...]
    anchors: frozenset[bytes]
    longest: int


def mask_streams(folder: str, masker: Masker) -> None:
    """Replace the secrets in a run's stdout and stderr, if there are any. Raises OSError."""
    only_files(folder)
    for name in _STREAMS:
        mask_file(f"{folder}/{name}", masker)


def only_files(folder: str) -> bool:
    """Take away what a program has put in the place of its stdout and stderr; whether both are files. Raises OSError.

    A program finds the files of its own output. A pipe or a device in their place would hold up whoever reads it, and what
    cannot be looked through for secrets is not kept. To be called before anything of a program that has ended is read.
    """
    found = [_is_file(f"{folder}/{name}") for name in _STREAMS]
    return all(found)


def _is_file(path: str) -> bool:
    """Whether a file that we may read is there; anything else is removed."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISREG(mode):
        if not mode & stat.S_IRUSR:
            os.chmod(path, 0o600)
        return True
    if stat.S_ISDIR(mode):
        # With shutil come three libraries of compression, which most runs have no use for.
        from shutil import rmtree

        rmtree(path)
    else:
        os.unlink(path)
    return False


def mask_file(path: str, masker: Masker) -> bool:
    """Replace the secrets in a file that a run keeps, if it is there and holds any; whether it did. Raises OSError."""
    if not holds_secret(path, masker):
        return False
    _rewrite(path, _raw(masker))
    return True


def holds_secret(path: str, masker: Masker) -> bool:
    """Whether a file is there and holds a secret. Raises OSError."""
    if not masker.spellings or not os.path.exists(path):
        return False
    raw = _raw(masker)
    tail = b""
    with doing("looking for secrets in a file", path), open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            window = tail + chunk
            if any(True for _ in _present(window, raw)):
                return True
            tail = window[-raw.longest :]
    return False


def _rewrite(path: str, raw: _Raw) -> None:
    # Beside and then over it: a crash in between leaves the unmasked one, which the next exec masks again.
    temporary = f"{path}.masked"
    with doing(f"masking secrets in {path}", temporary):
        try:
            with (
                open(path, "rb") as source,
                open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
            ):
                _copy_masked(source, target, raw)
        except OSError:
            atomic.remove(temporary)  # on a full disk every page counts
            raise
        os.rename(temporary, path)


def _copy_masked(source: BinaryIO, target: BinaryIO, raw: _Raw) -> None:
    held = b""
    while chunk := source.read(CHUNK):
        held = _replace(held + chunk, raw)
        # A secret may straddle two chunks: keep back as much as the longest could have begun in.
        keep = min(len(held), raw.longest)
        target.write(held[: len(held) - keep])
        held = held[len(held) - keep :]
    target.write(_replace(held, raw))


def _replace(data: bytes, raw: _Raw) -> bytes:
    for spelling in _present(data, raw):
        if spelling.pattern:
            data = re.sub(spelling.pattern, MASK.encode(), data)
        else:
            data = data.replace(spelling.text, MASK.encode())
    return data


def _present(data: bytes, raw: _Raw) -> Iterator[_Spelling]:
    """The spellings that are in the data, longest first."""
    present = {anchor for anchor in raw.anchors if anchor in data}
    return (
        (spelling for spelling in raw.spellings if spelling.anchor in present and spelling.text in data)
        if present
        else iter(())
    )


def _raw(masker: Masker) -> _Raw:
    spellings = tuple(
        _Spelling(_bytes(spelling.text), _bytes(spelling.anchor), _bytes(spelling.pattern))
        for spelling in masker.spellings
    )
    return _Raw(
        spellings,
        frozenset(spelling.anchor for spelling in spellings),
        max(len(spelling.text) for spelling in spellings) + 2,
    )


def _bytes(text: str) -> bytes:
    # Variables of the environment can hold bytes that are no UTF-8 (PEP 383); a program prints them as they are.
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
