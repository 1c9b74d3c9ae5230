"""A program that writes a log, block by block, and has it rotated in some way between any two of them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from typing import BinaryIO

CHUNK = 37


def write(log: BinaryIO, text: str) -> None:
    """In small parts, so that lines are seen half written."""
    data = text.encode()
    log.writelines(data[begin : begin + CHUNK] for begin in range(0, len(data), CHUNK))


def shift(path: str) -> None:
    """Make room for a new `.1`."""
    names = [name for name in os.listdir(os.path.dirname(path)) if name.startswith("app.log.")]
    numbers = sorted((int(name.split(".")[2]), name) for name in names)
    for number, name in reversed(numbers):
        ending = ".gz" if name.endswith(".gz") else ""
        os.rename(f"{os.path.dirname(path)}/{name}", f"{path}.{number + 1}{ending}")


def pack(path: str) -> None:
    """As gzip does: the time of the last write is kept, and the other form goes last."""
    if os.path.exists(path):
        status = os.stat(path)
        with open(path, "rb") as whole, gzip.open(f"{path}.gz", "wb") as packed:
            shutil.copyfileobj(whole, packed)
        os.utime(f"{path}.gz", ns=(status.st_atime_ns, status.st_mtime_ns))
        os.unlink(path)


def main() -> None:
    given = json.load(sys.stdin)
    path, way, blocks = given["log"], given["way"], given["blocks"]
    log = open(path, "ab", buffering=0)
    for number, block in enumerate(blocks):
        if way == "late":
            # It goes on writing to the renamed file until it is told to open its log anew.
            shift(path)
            os.rename(path, f"{path}.1")
            open(path, "ab").close()
        write(log, block)
        if way == "copy":
            shift(path)
            shutil.copy2(path, f"{path}.1")
            os.truncate(path, 0)
            continue
        if way == "date":
            os.rename(path, f"{path}-20261128-{number:04d}")
        elif way == "old":
            # Each under a name that nobody expects; the oldest are gone, but long after they were read.
            os.rename(path, f"{os.path.dirname(path)}/app.log.2026-11-{number:02d}.old")
        elif way != "late":  # there it was renamed before
            shift(path)
            os.rename(path, f"{path}.1")
        log.close()
        log = open(path, "ab", buffering=0)
        if way == "packed":
            pack(f"{path}.1")
        elif way == "delayed":
            pack(f"{path}.2")
    log.close()


main()
