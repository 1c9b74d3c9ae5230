"""What the doctor looks at of publishing: whether tasks that publish can, and what was not sent."""

from __future__ import annotations

from clodputer.agents import locate
from clodputer.model.publish.rule import CALLING
from clodputer.model.text.plural import counted
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem
from clodputer.views.published import publishing

WEEK = 7 * 86400.0


def publish(facts: Facts) -> list[Finding]:
    """A token for the tasks that need one, git for those that push, parcels that are not sent, and those that wait for you."""
    found: list[Finding] = []
    calling = [task.name for task in facts.tasks if any(kind in CALLING for kind in task.publish.kinds)]
    if calling and not facts.settings.github.get("token"):
        found += problem(
            "publish",
            f"{', '.join(calling[:5])}: config.yaml names no token for GitHub, so that nothing of it is sent",
            f'Add github: {{token: "{{{{ env.GITHUB_TOKEN }}}}"}} to {facts.home.config}; docs/github.md.',
        )
    pushing = [task.name for task in facts.tasks if task.publish.pushes]
    if pushing and not locate.find("git", locate.folders(facts.environ.get("PATH", ""))):
        found += problem("publish", f"{', '.join(pushing[:5])}: there is no git in PATH", "Install git.")
    left = publishing.undelivered(facts.home, facts.now - WEEK)
    if left.trying:
        message = (
            f"what {counted(len(left.trying), 'run')} published could not be sent yet: {left.last_error}"
        )
        found += problem("publish", message, "It is tried again for a day. See: clodputer show RUN")
    if left.ended:
        names = ", ".join(parcel.run_id for parcel in left.ended[-3:])
        message = f"{counted(len(left.ended), 'run')} of the last week could not publish everything: {names}"
        found += note(
            "publish",
            f"{message}: {left.last_error}",
            "See: clodputer show RUN. Their commits are kept; to try again: clodputer approve RUN",
        )
    waits = publishing.asking(facts.home)
    if waits:
        message = f"what {counted(len(waits), 'run')} would publish waits for you"
        found += note("publish", message, "See: clodputer inbox")
    return found or ok(
        "publish",
        f"{counted(len(calling) + len(pushing), 'task')} may publish"
        if calling or pushing
        else "no task publishes",
    )
