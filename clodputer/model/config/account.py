"""The account that a run draws on, under whose name its limits, its holds and its costs are kept."""

from __future__ import annotations

from collections.abc import Mapping

from clodputer.model.agent import CLAUDE, KINDS, kind_of
from clodputer.model.numbers.digest import digest

# Only its type: the status line is drawn several times a second, and has no need of all that a task is made of.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.model.task import Task

# What makes claude (2.1.332) use another login than the person's own. Of the keys the first one that is set counts.
CONFIG_FOLDER = KINDS[CLAUDE].config_folder

OWN = CLAUDE


def account_of(task: Task) -> str:
    """The name of the account of a task: its agent's, alone or with `-` and eight digits; empty for a program, which has none.

    It follows from what the task's `env` names: another configuration folder or another key is another account. What the
    environment has is the same for all tasks, so it makes no difference. Texts are compared as they are written, mostly
    `{{ env.X }}`: the secret itself is neither needed nor known here.
    """
    kind = kind_of(task.agent)
    if not kind.prompted:
        return ""
    key = next((f"{name}={task.env[name]}" for name in kind.keys if task.env.get(name)), "")
    return _named(task.agent, task.env.get(kind.config_folder, ""), key)


def account_in(environ: Mapping[str, str]) -> str:
    """The account of a session of claude that has this environment: that of a task whose `env` names the same folder.

    Empty when a key is set: to which task's text that belongs is not known.
    """
    if any(environ.get(name) for name in KINDS[CLAUDE].keys):
        return ""
    folder = environ.get(CONFIG_FOLDER, "").rstrip("/")
    return OWN if folder == f"{environ.get('HOME', '')}/.claude" else _named(CLAUDE, folder, "")


def _named(agent: str, folder: str, key: str) -> str:
    if not key and not folder:
        return agent
    written = f"{folder.rstrip('/')}\n{key}"
    return f"{agent}-{digest(written.encode('utf-8', 'replace'), 4)}"
