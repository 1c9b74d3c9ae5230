"""The lines of source files that findings are about, read from the project's folder and from nowhere else."""

from __future__ import annotations

import os

from clodputer.model.findings.finding import Finding
from clodputer.store.files import plainfile

# A larger file was written by a program; in bytes. Of all files of one look so much is read.
LARGEST, ALL = 2 * 1024 * 1024, 64 * 1024 * 1024
LONGEST_LINE = 500
# Lines before and after the one of a finding that its request brings along.
AROUND = 2


def relative(path: str, folder: str) -> str:
    """A path of a report as seen from the project's folder; one that lies elsewhere stays as it is."""
    if not path:
        return ""
    head = folder.rstrip("/") + "/"
    plain = os.path.normpath(path)
    return plain.removeprefix(head)


class Sources:
    """The files of one look, each read once; findings come in the order of their paths."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.realpath(folder)
        self._path, self._lines, self._left = "", [""], ALL

    def line(self, finding: Finding) -> str:
        """The line of a finding; empty when it cannot be read."""
        lines = self._of(finding.path) if finding.line else []
        return lines[finding.line - 1] if finding.line <= len(lines) and finding.line else ""

    def around(self, finding: Finding) -> str:
        """The line of a finding with those around it; empty when they cannot be read."""
        lines = self._of(finding.path) if finding.line else []
        first = max(0, finding.line - 1 - AROUND)
        return "\n".join(lines[first : finding.line + AROUND]) if finding.line <= len(lines) else ""

    def _of(self, path: str) -> list[str]:
        if path != self._path:
            self._path, self._lines = path, self._read(path)
        return self._lines

    def _read(self, path: str) -> list[str]:
        # A report may name any file, and what is in it becomes part of a prompt.
        whole = os.path.realpath(os.path.join(self._folder, path))
        if not whole.startswith(self._folder.rstrip("/") + "/") or self._left <= 0:
            return []
        try:
            data = plainfile.read(whole, LARGEST).content
        except (OSError, ValueError):
            return []
        self._left -= len(data)
        if len(data) > LARGEST:
            return []
        return [line[:LONGEST_LINE].rstrip("\r") for line in data.decode("utf-8", "replace").split("\n")]
