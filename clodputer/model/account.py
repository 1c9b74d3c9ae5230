"""The account that a run draws on, under whose name its limits, its holds and its costs are kept."""

from __future__ import annotations

from collections.abc import Mapping

from clodputer.model.digest import digest

# Only its type: the status line is drawn several times a second, and has no need of all that a task is made of.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.model.task import Task

# What makes claude (2.1.332) use another login than the person's own. Of the keys the first one that is set counts.
CONFIG_FOLDER = "CLAUDE_CONFIG_DIR"
KEYS = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN")

OWN = "claude"


def account_of(task: Task) -> str:
    """The name of the account of a task: `claude`, or `claude-` and eight digits; empty for an agent without accounts.

    It follows from what the task's `env` names: another configuration folder or another key is another account. What the
    environment has is the same for all tasks, so it makes no difference. Texts are compared as they are written, mostly
    `{{ env.X }}`: the secret itself is neither needed nor known here.
    """
    if task.agent != "claude":
        return ""
    key = next((f"{name}={task.env[name]}" for name in KEYS if task.env.get(name)), "")
    return _named(task.env.get(CONFIG_FOLDER, ""), key)


def account_in(environ: Mapping[str, str]) -> str:
    """The account of a session of claude that has this environment: that of a task whose `env` names the same folder.

    Empty when a key is set: to which task's text that belongs is not known.
    """
    if any(environ.get(name) for name in KEYS):
        return ""
    folder = environ.get(CONFIG_FOLDER, "").rstrip("/")
    return OWN if folder == f"{environ.get('HOME', '')}/.claude" else _named(folder, "")


def _named(folder: str, key: str) -> str:
    if not key and not folder:
        return OWN
    written = f"{folder.rstrip('/')}\n{key}"
    return f"{OWN}-{digest(written.encode('utf-8', 'replace'), 4)}"
