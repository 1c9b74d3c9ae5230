"""A bundle: all there is of one run in one archive that may be given away, with everything private masked and counted."""

from __future__ import annotations

import os
import platform
import socket
import stat
import tarfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from json import dumps, loads
from typing import Any, NamedTuple

from clodputer import __version__
from clodputer.archive.redact import Redactor
from clodputer.model.errors import ClodputerError
from clodputer.model.text.jsontext import in_lines
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.files import atomic, owner, plainfile
from clodputer.store.folder import entries
from clodputer.store.log import archive
from clodputer.store.records import runs
from clodputer.tasks import taskfile

# Raised when a bundle is made in a way that an earlier replay would misread.
VERSION = 1
MANIFEST = "manifest.json"
# Of a file that is longer only this much goes along: its beginning and its end, in bytes.
LARGEST = 16 * 1024 * 1024
MOST_LINES = 2000
LARGEST_BUNDLE = 64 * 1024 * 1024
# What of a run's folder goes along; everything else may hold what the agent wrote about anything.
_JSON = ("record.json", "request.json", "correction.json", "process.json", "planned.json")
_STREAMS = ("stdout", "stderr")
_TEXTS = ("prompt.txt",)


class Bundle(NamedTuple):
    """What was put together. files: names with contents. masked: how often each kind. left_out: names, each with why."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    left_out: tuple[tuple[str, str], ...]


def make(
    context: Context, task: str, run_id: str, findings: Sequence[Mapping[str, Any]], now: float
) -> Bundle:
    """Put the bundle of a run together. findings: of the doctor. Raises OSError."""
    folder = runs.folder(context.home, task, run_id)
    redactor = Redactor(context.masker, places(context))
    files: dict[str, bytes] = {}
    left_out: list[tuple[str, str]] = []
    for name in sorted(entries(folder)):
        path = f"{folder}/{name}"
        if name not in (*_JSON, *_STREAMS, *_TEXTS):
            left_out.append((redactor.text(name), "it may hold secrets"))
            continue
        try:
            content = _bounded(path)
        except (OSError, ValueError) as error:
            left_out.append(
                (name, f"it cannot be read: {error.strerror if isinstance(error, OSError) else error}")
            )
            continue
        if name in _JSON:
            files[name] = _json(redactor, content)
        else:
            files[name] = redactor.lines(content)
    _task(context, redactor, task, files, left_out)
    files["log.jsonl"] = b"".join(redactor.lines(line) + b"\n" for line in _log(context, run_id))
    files["doctor.json"] = _json(redactor, in_lines({"findings": [dict(one) for one in findings]}).encode())
    files["versions.json"] = _json(redactor, in_lines(versions(context, task, run_id)).encode())
    manifest = {
        "clodputer_bundle": VERSION,
        "run_id": run_id,
        "task": redactor.text(task),
        "made_at": iso(now),
        "made_by": __version__,
        "files": {
            name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()
        },
        "masked": dict(sorted(redactor.counts.items())),
        "left_out": [{"name": name, "why": why} for name, why in left_out],
    }
    return Bundle(files, manifest, tuple(left_out))


def places(context: Context) -> dict[str, str]:
    """What stands for the person and the machine."""
    account = context.environ.get("HOME") or os.path.expanduser("~")
    return {
        "clodputer home": context.home.root,
        "home folder": account if account != "/" else "",
        "account": owner.name(os.geteuid()) if os.geteuid() else "",
        "host": socket.gethostname(),
    }


def versions(context: Context, task: str, run_id: str) -> dict[str, Any]:
    """Of Clodputer, of the agent that ran, of Python and of the system."""
    record = runs.record(context.home, task, run_id) or {}
    return {
        "clodputer": __version__,
        "agent": record.get("agent"),
        "agent_version": record.get("agent_version"),
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
    }


def write(bundle: Bundle, path: str) -> int:
    """Write the archive; never over a file that is there. Its size in bytes. Raises FileExistsError, OSError."""
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
        for name, data in ((MANIFEST, in_lines(bundle.manifest).encode()), *bundle.files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600
            tar.addfile(info, BytesIO(data))
    atomic.create(path, out.getvalue())
    return len(out.getvalue())


def read(path: str) -> dict[str, bytes]:
    """The files of a bundle, by name, checked against its manifest. Nothing is unpacked on disk.

    Raises ClodputerError ("bundle_invalid"), OSError.
    """
    files: dict[str, bytes] = {}
    left = LARGEST_BUNDLE
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            for member in tar:
                source = tar.extractfile(member) if stat.S_IFMT(member.mode) == 0 and member.isreg() else None
                if source is None or "/" in member.name or member.name.startswith("."):
                    raise _invalid(f"it holds an unexpected entry: {member.name[:60]!r}")
                files[member.name] = source.read(left + 1)
                left -= len(files[member.name])
                if left < 0:
                    raise _invalid(f"it holds more than {LARGEST_BUNDLE:,} bytes")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _invalid(str(error)[:200]) from None
    try:
        manifest = loads(files.pop(MANIFEST))
        if manifest["clodputer_bundle"] != VERSION:
            raise _invalid(
                f"it has version {str(manifest['clodputer_bundle'])[:20]}, and this Clodputer knows {VERSION}"
            )
        sums = {name: one["sha256"] for name, one in manifest["files"].items()}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise _invalid("it has no manifest") from None
    for name, data in files.items():
        if sums.get(name) != sha256(data).hexdigest():
            raise _invalid(f"{name} is not what the manifest says")
    if sums.keys() != files.keys():
        raise _invalid(f"{min(sums.keys() - files.keys())} is missing")
    return files


def _invalid(why: str) -> ClodputerError:
    return ClodputerError(
        "bundle_invalid", f"this is not a bundle: {why}", "Make one with: clodputer bundle RUN"
    )


def _bounded(path: str) -> bytes:
    """The file, or its beginning and its end; whole lines of it. Raises OSError, ValueError."""
    size = os.stat(path).st_size
    if size <= LARGEST:
        return plainfile.read(path, LARGEST).content
    half = LARGEST // 2
    with open(path, "rb") as file:
        head = file.read(half)
        file.seek(size - half)
        end = file.read(half)
    # A line that is cut could hold half of a secret, which nobody recognises.
    return head[: head.rfind(b"\n") + 1] + end[end.find(b"\n") + 1 :]


def _json(redactor: Redactor, content: bytes) -> bytes:
    try:
        value = redactor.data(loads(content))
    except (ValueError, RecursionError):
        return redactor.lines(content)
    return in_lines(value).encode("utf-8", "replace") if isinstance(value, dict) else dumps(value).encode()


def _task(
    context: Context, redactor: Redactor, task: str, files: dict[str, bytes], left_out: list[tuple[str, str]]
) -> None:
    try:
        path = taskfile.find(context.home, task)
        text = plainfile.read(path, taskfile.LARGEST).content.decode("utf-8", "replace")
        files["task.yaml"] = redactor.text(text).encode("utf-8", "replace")
    except (ClodputerError, OSError, ValueError) as error:
        left_out.append(("task.yaml", redactor.text(f"it cannot be read: {error}")))


def _log(context: Context, run_id: str) -> list[bytes]:
    """The lines of the log about a run and its request, the earliest first."""
    marks = (run_id.encode(), runs.request_of(run_id).encode())
    found: list[bytes] = []
    for path in (*archive.archives(context.home), context.home.log):
        try:
            with open(path, "rb") as file:
                found += [line.rstrip(b"\n") for line in file if any(mark in line for mark in marks)]
        except FileNotFoundError:
            continue
    return found[-MOST_LINES:]
