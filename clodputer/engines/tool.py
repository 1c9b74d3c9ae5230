"""The programs of engines: run for a bounded time, what they answer read up to a bound, and what they refuse in their words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from clodputer.store.processes import bounded

# A controller that is down is tried by its programs for a while themselves; in seconds.
SECONDS = 30.0
# In bytes: of 64 jobs a few kilobytes each.
LARGEST = 4 * 1024 * 1024


class Refused(Exception):
    """An engine did not do what it was asked; the text is what it said, in one line."""


def run(argv: Sequence[str], environ: Mapping[str, str], text: str = "") -> str:
    """Run a program, with `text` as its stdin; its stdout. Raises Refused."""
    # As in bounded.py: for lanes that have an engine alone.
    from tempfile import TemporaryFile

    with TemporaryFile() as stdin:
        stdin.write(text.encode())
        stdin.seek(0)
        try:
            ended = bounded.run(argv, "/", environ, SECONDS, LARGEST, stdin)
        except FileNotFoundError:
            raise Refused(f"{argv[0]} is not installed here, or not on PATH") from None
        except PermissionError as error:
            raise Refused(f"{argv[0]} cannot be started: {error.strerror}") from None
    out, err = ended.out.decode("utf-8", "replace"), ended.err.decode("utf-8", "replace")
    if ended.status == bounded.TOO_LATE:
        said = bounded.last_words(out, err)
        raise Refused(f"{argv[0]} did not answer within {SECONDS:g} s{f': {said}' if said else ''}")
    if ended.status:
        said = bounded.last_words(out, err) or f"it ended with status {ended.status}"
        raise Refused(said if said.startswith(argv[0]) else f"{argv[0]}: {said}")
    return out


def own(environ: Mapping[str, str], names: Collection[str], prefix: str) -> dict[str, str]:
    """The variables that an engine's programs get: those of these names, those with its prefix, and the locale."""
    return {
        name: value for name, value in environ.items() if name in names or name.startswith((prefix, "LC_"))
    }
