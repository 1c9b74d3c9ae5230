"""What a remote does not have yet, by what it says itself: what the repository says of it may have been forged by a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from clodputer.model.publish.check import MOST_COMMITS
from clodputer.store.git import git
from clodputer.store.git.gitapart import Apart, Unsaid

# In seconds: one question to a remote, and a fetch of commits that it has and we have not.
SECONDS, FETCH = 60.0, 120.0
# Of so many of its branches, at most, commits are fetched.
MOST_BRANCHES = 100

_MOST = f"--max-count={MOST_COMMITS + 1}"
_LINE = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\trefs/(heads|tags)/(.+)")
_DEFAULT = re.compile(r"^ref: refs/heads/(.+)\tHEAD$", re.MULTILINE)


class Remote(NamedTuple):
    """A remote as it is asked from `place`, where it is called `origin`.

    options, more: the options and variables of git by which it finds the token; token: empty for none.
    """

    place: Apart
    options: tuple[str, ...] = ()
    more: Mapping[str, str] = {}
    token: str = ""

    def call(self, arguments: Sequence[str], seconds: float) -> git.Said:
        """git there, which may read the token once. Raises git.Missing, OSError."""
        return self.place.call([*self.options, *arguments], seconds, self.more, secret=self.token)

    def said(self, *arguments: str, seconds: float = SECONDS) -> str:
        """What git prints there. Raises Unsaid when it fails, git.Missing, OSError."""
        said = self.call(arguments, seconds)
        if said.status:
            raise Unsaid(arguments[0], said)
        return said.out


class Unsent(NamedTuple):
    """Commits that the remote does not have, the latest first, and no more than one beyond what may be pushed at once.

    older: how many of them were there before the run. base: the last commit before them by their first parents, which the
    remote has; empty where there is none.
    """

    commits: tuple[str, ...]
    older: int = 0
    base: str = ""


def unsent(remote: Remote, commit: str, begun: str, branches: Sequence[str]) -> Unsent:
    """What a push of a commit would send.

    begun: the commit that the run began at, empty when that is not known. branches: of the remote, those that are the likeliest
    to share commits with ours. Raises Unsaid, git.Missing, OSError.
    """
    place = remote.place
    # Where it is pushed to, by the person's own settings: these may name another address for that.
    address = place.said("remote", "get-url", "--push", "origin").strip("\n")
    lines = remote.said("ls-remote", "--heads", "--tags", "--", address).splitlines()
    found = [match for match in map(_LINE.fullmatch, lines) if match]
    has = list(dict.fromkeys(match[1] for match in found))
    known = _known(place, has)
    beyond = _beyond(place, commit, known)
    made = set(place.said("rev-list", _MOST, commit, f"^{begun}").split()) if begun else set()
    unknown = [match[3] for match in found if match[2] == "heads" and match[1] not in known]
    if unknown and (len(beyond) > MOST_COMMITS or not made.issuperset(beyond)):
        _fetch(remote, address, commit, unknown, branches)
        beyond = _beyond(place, commit, _known(place, has))
    base = commit
    while base in beyond:
        base = next(iter(beyond[base]), "")
    return Unsent(tuple(beyond), sum(one not in made for one in beyond), base)


def _known(place: Apart, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes that are commits which we have."""
    given = "".join(f"{one}\n" for one in hashes)
    lines = place.said("cat-file", "--batch-check=%(objectname) %(objecttype)", given=given) if given else ""
    return {line.partition(" ")[0] for line in lines.splitlines() if line.endswith(" commit")}


def _beyond(place: Apart, commit: str, known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The commits up to one that are in the history of none of the known ones, each with its parents."""
    given = "".join(f"{line}\n" for line in (commit, *(f"^{one}" for one in known)))
    lines = place.said("rev-list", "--parents", _MOST, "--stdin", given=given).splitlines()
    return {words[0]: tuple(words[1:]) for words in (line.split(" ") for line in lines)}


def _fetch(
    remote: Remote, address: str, commit: str, unknown: Sequence[str], branches: Sequence[str]
) -> None:
    """Fetch the commits of branches that we do not have, into the folder of our own: with that they are gone again."""
    default = _DEFAULT.search(remote.said("ls-remote", "--symref", "--", address, "HEAD"))
    first = [*branches, *([default[1]] if default else [])]
    wanted = sorted(unknown, key=lambda name: name not in first)[:MOST_BRANCHES]
    argv = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", f"--negotiation-tip={commit}"]
    remote.said(*argv, "--", address, *(f"refs/heads/{name}" for name in wanted), seconds=FETCH)
