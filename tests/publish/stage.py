"""A home, a repository with a bare remote, and GitHub's stand-in: all that a run needs to publish something."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any

from clodputer.model.gates.approval import APPROVED
from clodputer.outbox.publish import round as rounds
from clodputer.runner.publish.decide import decide
from clodputer.store import context as contexts
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.outgoing import parcels
from tests.fakes.github_api import TOKEN, Api, serving
from tests.fakes.github_state import Item, Repository
from tests.repositories import git, repository
from tests.workshop import command_task, drop, environment, events, execute, make_home, records, write_secrets

NAME = "o/r"
COMMIT = "git -c user.name=a -c user.email=a@b commit --quiet"
WORK = f"echo more > file && {COMMIT} -am work"


@dataclass
class Stage:
    """Everything there is. issue: the one that requests are about, number 1."""

    home: Home
    api: Api
    checkout: Path
    remote: Path
    there: Repository
    issue: Item

    @property
    def context(self) -> Context:
        return contexts.look(environment(self.home))

    def task(self, script: str, publish: str = "", more: str = "") -> None:
        """A task whose runs are this shell script in a worktree. publish: keys beside `kinds` and `repository`."""
        kinds = "kinds: [comment, draft_pull_request, push, label, close, event, file_issue]"
        keys = f"  {kinds}\n  repository: {NAME}\n  labels: [seen]\n"
        keys += "".join(f"  {line}\n" for line in publish.splitlines())
        keys = keys.replace(f"  {kinds}\n", "") if "kinds:" in publish else keys
        more = f"working_directory: {self.checkout}\nisolation: worktree\npublish:\n{keys}{more}"
        command_task(self.home, "fix", "sh", "-ec", script, more=more)

    def run(self, item: str = "issue 1") -> dict[str, Any]:
        """One request about the item, run and published; its record."""
        drop(self.home, "one.json", json.dumps({"task": "fix", "item": item} if item else {"task": "fix"}))
        execute(self.home)
        return records(self.home, "fix")[-1]

    def send(self, context: Context | None = None) -> None:
        """Send what is due now, in this process, without the pauses that GitHub asks for."""
        rounds.send_due(context or self.context, monotonic() + 60, 0.0)

    def prepare(self, *intents: str, publish: str = "") -> dict[str, Any]:
        """A run whose parcel waits to be sent; its record."""
        self.task(script(WORK, *intents), publish=f"staged: true\n{publish}")
        record = self.run()
        decide(self.context, record["run_id"], APPROVED, "", time())
        return record

    def hurry(self) -> None:
        """Have all that waits be due."""
        for name in parcels.names(self.home):
            parcel = parcels.read(self.home, name)
            assert parcel is not None
            parcels.keep(self.home, name, parcel._replace(due=time() - 1))

    def branches(self) -> list[str]:
        """The branches of the remote."""
        return git(self.remote, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def pulls(self) -> list[Item]:
        return [item for item in self.there.items.values() if item.head]

    def comments(self) -> list[str]:
        return [str(comment["body"]) for comment in self.there.comments]

    def refused(self) -> list[str]:
        """The codes by which things were not published, as the log tells."""
        return [str(event["reason"]) for event in events(self.home, "not_published")]


@contextmanager
def staged(folder: Path, base: str = "") -> Iterator[Stage]:
    """A stage of its own. base: where the API lies on its server."""
    home = make_home(folder)
    checkout = repository(folder)
    remote = folder / "git" / "remote.git"
    with serving(base) as api:
        there = api.state.repository(NAME, remote)
        issue = api.state.issue(there, "It breaks", "Please fix it.")
        write_secrets(home, f"GITHUB_TOKEN={TOKEN}\nOTHER=a-very-secret-word\n")
        Path(home.config).write_text(
            f'github: {{api_url: "{api.url}", token: "{{{{ env.GITHUB_TOKEN }}}}"}}\n'
        )
        yield Stage(home, api, checkout, remote, there, issue)


def intend(**fields: Any) -> str:
    """The shell command by which a run leaves an intent as a file, without the start of Python."""
    text = json.dumps(fields).replace("'", "'\\''")
    return f"printf '%s' '{text}' > \"$CLODPUTER_INTENTS/$(date +%s%N).json\""


def script(*commands: str) -> str:
    """Commands one after the other."""
    return "\n".join(commands)


PULL_REQUEST: Mapping[str, Any] = {"kind": "draft_pull_request", "title": "Fix it", "body": "This fixes it."}
COMMENT: Mapping[str, Any] = {"kind": "comment", "body": "I have fixed it."}
