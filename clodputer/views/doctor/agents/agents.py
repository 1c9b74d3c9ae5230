"""What the doctor looks at of other agents than claude that tasks have: where each is, its version, and how it is logged in."""

from __future__ import annotations

import os
import re
from tempfile import TemporaryDirectory

from clodputer import agents
from clodputer.agents import environment
from clodputer.agents.own import Own
from clodputer.agents.prompted import locate_binary
from clodputer.model.agent import KINDS
from clodputer.model.errors import ClodputerError
from clodputer.store.files.tilde import expand
from clodputer.views.doctor.finding import Facts, Finding, ask, note, ok, problem

_VERSION = re.compile(r"\d+\.\d+\.\d+\S*")


def others(facts: Facts) -> list[Finding]:
    """Whether each agent of an enabled task is found and starts, and whether a login of it is seen; nothing is spent."""
    wanted = sorted({task.agent for task in facts.tasks if task.enabled})
    owns = [(name, own) for name in wanted if (own := agents.load(name).OWN) is not None]
    found = [finding for name, own in owns for finding in _look(facts, name, own)]
    return found or ok("agents", "no task has another agent than claude")


def _look(facts: Facts, name: str, own: Own) -> list[Finding]:
    try:
        path = locate_binary(
            own, facts.environ.get("PATH", environment.USUAL_PATH), expand("~", facts.environ)
        )
    except ClodputerError:
        return problem(
            "agents",
            f"there is no {own.program} on PATH, nor where installers put it",
            f"Install it, for example: npm install -g {own.package}. Or set PATH in the task's env.",
        )
    return [*_version(facts, own, path), *_login(facts, name, own)]


def _version(facts: Facts, own: Own, path: str) -> list[Finding]:
    with TemporaryDirectory(prefix="clodputer-") as scratch:
        folders = (facts.environ.get("PATH", environment.USUAL_PATH), os.path.dirname(path))
        # Its home is one of its own, as it may write there even for this.
        env = {"HOME": scratch, "TMPDIR": scratch, "PATH": os.pathsep.join(folders)}
        try:
            said = ask(facts, [path, "--version"], env)
        except OSError as error:
            return problem("agents", f"{path} cannot be started: {error.strerror}", "Install it again.")
    found = _VERSION.search(said.out)
    if said.status is None:
        return problem(
            "agents",
            f"{path} does not answer within {facts.seconds:.0f} seconds when asked for its version",
            "Install it again.",
        )
    if said.status or not found:
        words = (said.err or said.out).strip().split("\n")[0][:200] or "nothing"
        return problem(
            "agents",
            f"{path} does not report its version: exit status {said.status}, {words}",
            "Install it again.",
        )
    return ok("agents", f"{own.program} {found.group()} ({path})")


def _login(facts: Facts, name: str, own: Own) -> list[Finding]:
    """How its runs are logged in, as far as that can be seen without asking anybody."""
    kind = KINDS[name]
    named = next((key for key in own.logins if facts.secrets.get(key) or key in facts.settings.secrets), "")
    tasks = [task for task in facts.tasks if task.agent == name and task.enabled]
    if named or all(any(task.env.get(key) for key in own.logins) for task in tasks):
        return ok("agents", f"{own.program}: {named or 'a key in env of its tasks'}")
    folder = (
        facts.secrets.get(kind.config_folder) or facts.environ.get(kind.config_folder) or f"~/{kind.folder}"
    )
    path = os.path.join(expand(folder, facts.environ), kind.login)
    if os.path.isfile(path):
        return ok("agents", f"{own.program}'s own login in {path}")
    return note(
        "agents",
        f"no login of {own.program} was found, neither in {facts.home.secrets} nor in {path}",
        f"Put {own.logins[0]}=... into secrets.env, or log in by {own.program} itself.",
    )
