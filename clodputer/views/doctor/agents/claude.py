"""What the doctor looks at of claude: where it is, which version, and how it is logged in; nothing that could cost a token."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from json import loads
from tempfile import TemporaryDirectory
from typing import Any, Optional

from clodputer.agents import environment
from clodputer.agents.claude import locate_binary
from clodputer.agents.claude.variables import CLOUDS, LOGINS
from clodputer.model.config.secretref import words
from clodputer.model.errors import ClodputerError
from clodputer.model.text.moment import format_duration, parse_moment
from clodputer.store.files.tilde import expand
from clodputer.store.records import runs
from clodputer.views.doctor.finding import NOTE, PROBLEM, Facts, Finding, ask, note, ok, problem

# The oldest version whose flags, exit codes and events were compared with what we expect of them.
OLDEST = (2, 1, 197)
DAY = 86400.0
# `claude setup-token` makes tokens for a year.
TOKEN_AGES = 350 * DAY

SETUP_TOKEN = "Run `claude setup-token` and put CLAUDE_CODE_OAUTH_TOKEN=... into secrets.env."  # noqa: S105


def claude(facts: Facts) -> list[Finding]:
    """Whether claude is found, starts, and is new enough."""
    needed = any(task.enabled and task.agent == "claude" for task in facts.tasks)
    try:
        path = located(facts, facts.environ)
    except ClodputerError as error:
        level = PROBLEM if needed or facts.settings.claude else NOTE
        return [Finding("claude", level, error.message, error.hint)]
    return version(facts, "claude", path)


def located(facts: Facts, environ: Mapping[str, str]) -> str:
    """Where a program with this environment finds claude. Raises ClodputerError, in fewer words than a run has for it."""
    try:
        return locate_binary(
            facts.settings.claude, environ.get("PATH", environment.USUAL_PATH), expand("~", environ)
        )
    except ClodputerError as error:
        message = "there is no claude on PATH, nor where its installers put it"
        raise ClodputerError(
            error.code, error.message if facts.settings.claude else message, error.hint
        ) from None


def version(facts: Facts, check: str, path: str) -> list[Finding]:
    """What there is to say of the claude at `path`; it is given a home of its own, as it writes there even for this."""
    with TemporaryDirectory(prefix="clodputer-") as scratch:
        apart = _apart(facts, scratch, path)
        try:
            said = ask(facts, [path, "--version"], apart)
            if said.status:
                # What starts it for volta, asdf and their like looks into HOME for what to start.
                said = ask(facts, [path, "--version"], {**apart, "HOME": expand("~", facts.environ)})
        except OSError as error:
            return problem(check, f"{path} cannot be started: {error.strerror}", "Install Claude Code again.")
    if said.status is None:
        return problem(
            check,
            f"{path} does not answer within {facts.seconds:.0f} seconds when asked for its version",
            "Try it by hand: claude --version. Then install Claude Code again.",
        )
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", said.out)
    if said.status or not found:
        words = (said.err or said.out).strip().split("\n")[0][:200] or "nothing"
        return problem(
            check,
            f"{path} does not report its version: exit status {said.status}, {words}",
            "Install Claude Code again.",
        )
    if tuple(int(part) for part in found.groups()) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return note(
            check,
            f"claude {found.group()} ({path}) is older than {oldest}, the oldest supported version",
            "Update it: claude update",
        )
    return ok(check, f"claude {found.group()} ({path})")


def login(facts: Facts) -> list[Finding]:
    """How scheduled runs are logged in, as far as that can be seen without asking anybody or spending anything."""
    found = _refused(facts)
    if found:
        return found
    if not any(task.agent == "claude" for task in facts.tasks):
        return []
    named = next((name for name in LOGINS if facts.secrets.get(name)), "")
    if named == "ANTHROPIC_API_KEY":
        return _api_key(facts)
    if named == "CLAUDE_CODE_OAUTH_TOKEN":
        return _token(facts)
    cloud = next((name for name in CLOUDS if facts.secrets.get(name)), "")
    if named or cloud:
        return ok("login", f"{named or cloud} in secrets.env")
    referred = next((name for name in (*LOGINS, *CLOUDS) if name in facts.settings.secrets), "")
    if referred:
        return ok("login", f"{referred}, looked up for each run: {words(facts.settings.secrets[referred])}")
    here = next((name for name in (*LOGINS, *CLOUDS) if facts.environ.get(name)), "")
    if here:
        return note(
            "login",
            f"{here} is set in this shell, but not in secrets.env: schedulers do not have it",
            f"Put {here}=... into {facts.home.secrets}, if scheduled runs are to use it.",
        )
    return _stored(facts)


def _refused(facts: Facts) -> list[Finding]:
    """The latest runs know best: whether one of them ended because nobody was logged in."""
    newest: Optional[Mapping[str, Any]] = None
    for name in runs.tasks(facts.home):
        last = next(runs.records(facts.home, name), None)
        if last is not None and last.get("agent") == "claude":
            newest = (
                last if newest is None or str(last.get("ended_at")) > str(newest.get("ended_at")) else newest
            )
    if newest is None or newest.get("reason") != "auth":
        return []
    changed = max(
        (os.stat(path).st_mtime for path in (facts.home.secrets,) if os.path.exists(path)), default=0.0
    )
    if changed > parse_moment(str(newest["ended_at"]), facts.now):
        return []  # somebody has seen to it since
    return problem(
        "login", f"the latest run of claude, {newest['run_id']}, ended as it was not logged in", SETUP_TOKEN
    )


def _api_key(facts: Facts) -> list[Finding]:
    """What claude says of an API key, asked in an empty home; with a subscription the question may cost the login."""
    where = "ANTHROPIC_API_KEY in secrets.env"
    try:
        path = located(facts, facts.environ)
    except ClodputerError:
        return ok("login", where)
    with TemporaryDirectory(prefix="clodputer-") as scratch:
        env = {**_apart(facts, scratch, path), "ANTHROPIC_API_KEY": facts.secrets["ANTHROPIC_API_KEY"]}
        said = ask(facts, [path, "auth", "status"], env)
    try:
        answer = loads(said.out)
        logged_in = bool(answer["loggedIn"])
    except (ValueError, KeyError, TypeError):
        return ok("login", f"{where}; claude does not say whether it accepts it")
    if not logged_in:
        return problem(
            "login",
            f"{where}, but claude does not accept it as a login",
            "Check the value, and the version of claude.",
        )
    return ok("login", f"{where}; only a run tells whether it is valid")


def _token(facts: Facts) -> list[Finding]:
    age = facts.now - os.stat(facts.home.secrets).st_mtime
    where = "CLAUDE_CODE_OAUTH_TOKEN in secrets.env"
    if age > TOKEN_AGES:
        return note(
            "login",
            f"{where} is at least {age / DAY:.0f} days old; such tokens are valid for a year",
            SETUP_TOKEN,
        )
    return ok("login", where)


def _stored(facts: Facts) -> list[Finding]:
    """What claude's own login file says of its age; the keychain of macOS is left alone, as it might ask for a password."""
    folder = (
        facts.secrets.get("CLAUDE_CONFIG_DIR")
        or facts.environ.get("CLAUDE_CONFIG_DIR")
        or expand("~/.claude", facts.environ)
    )
    path = f"{expand(folder, facts.environ)}/.credentials.json"
    login = (runs.read_json(path) or {}).get("claudeAiOauth")
    if not isinstance(login, dict):
        if facts.platform == "darwin":
            return note(
                "login",
                "a login of claude would be in the keychain, which scheduled runs often cannot read",
                f"{SETUP_TOKEN} To see whether it works without: clodputer doctor --canary --real",
            )
        return note(
            "login",
            f"no login of claude was found, neither in {facts.home.secrets} nor in {path}",
            SETUP_TOKEN,
        )
    ends = login.get("expiresAt")
    late = facts.now - ends / 1000 if isinstance(ends, (int, float)) else 0.0
    if late > 0 and not login.get("refreshToken"):
        return problem("login", f"the login in {path} ended {format_duration(late)} ago", SETUP_TOKEN)
    if late > 30 * DAY:
        return note(
            "login",
            f"the login in {path} was last renewed more than {late / DAY:.0f} days ago",
            "Start claude once and see whether it is still logged in.",
        )
    return ok("login", f"claude's own login in {path}")


def _apart(facts: Facts, scratch: str, path: str) -> dict[str, str]:
    """An environment in which claude finds nothing of the person's, and has nothing to do but answer."""
    return {
        "HOME": scratch,
        "CLAUDE_CONFIG_DIR": f"{scratch}/.claude",
        "TMPDIR": scratch,
        "PATH": os.pathsep.join(
            filter(None, (facts.environ.get("PATH", environment.USUAL_PATH), os.path.dirname(path)))
        ),
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
