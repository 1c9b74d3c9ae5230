"""The account that a run draws on, under whose name its limits, its holds and its costs are kept."""

from __future__ import annotations

from clodputer.model.digest import digest
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
    folder = task.env.get(CONFIG_FOLDER, "")
    if not key and not folder:
        return OWN
    written = f"{folder.rstrip('/')}\n{key}"
    return f"{OWN}-{digest(written.encode('utf-8', 'replace'), 4)}"
