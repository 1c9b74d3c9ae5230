"""What holds for all tasks: the settings as values, and how they meet a task's own keys; checked values only."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.agent import kind_of
from clodputer.model.run import DEFAULT_MAX_OUTPUT, STOP_GRACE, TIMEOUT
from clodputer.model.task import Task

DAY = 86400.0
MB, GB = 1024**2, 1024**3
# Where webhooks are listened for. 8787 is registered for nothing that is in use.
LISTEN = "127.0.0.1:8787"


class Settings(NamedTuple):
    """The settings of one home. Durations in seconds, sizes in bytes; None: the agent's own default, or no limit.

    `claude`: absolute path of the binary, or empty to look for it. `lanes`: what is said of single lanes; see `slots`.
    """

    claude: str = ""
    claude_versions: Mapping[str, Any] = {}
    model: str = ""
    timeout: float = TIMEOUT
    startup_timeout: Optional[float] = None
    stall_timeout: Optional[float] = None
    stop_grace: float = STOP_GRACE
    max_turns: Optional[int] = None
    max_cost_usd: Optional[float] = None
    max_output: int = DEFAULT_MAX_OUTPUT
    lanes: Mapping[str, Mapping[str, Any]] = {}
    max_concurrent: Optional[int] = None
    stagger: float = 2.0
    machine: str = ""
    require: Mapping[str, Any] = {}
    budget: Mapping[str, Any] = {}
    disk_ceiling: Mapping[str, Any] = {}
    window: Mapping[str, Any] = {}
    follow_ups: Mapping[str, int] = {}
    routes: Sequence[Mapping[str, Any]] = ()
    plugins: Mapping[str, Mapping[str, Any]] = {}
    notify: Mapping[str, Mapping[str, Any]] = {}
    idle_after: Optional[float] = None
    ping: str = ""
    approve_link: str = ""
    secrets: Mapping[str, Mapping[str, Any]] = {}
    webhooks: Mapping[str, Mapping[str, Any]] = {}
    listen: str = LISTEN
    github: Mapping[str, Any] = {}
    metrics: str = ""
    report: Mapping[str, Any] = {}
    sweep: float = 300.0
    log_size: int = 10 * MB
    keep_log_for: float = 183 * DAY
    keep_log_count: int = 1000
    keep_log_size: int = GB
    keep_runs_for: float = 90 * DAY
    keep_runs_count: int = 10_000
    keep_runs_size: int = 5 * GB


# The limits that a task may have itself. Only the first group reaches tasks of agent `command`, which may well be silent until
# their end. What else reaches a task, its agent says (model/agent.py): the name of a model is one agent's alone.
OF_TASKS = ("timeout", "stop_grace", "max_output")
LIMITS_OF_PROMPTED = ("startup_timeout", "stall_timeout")


def with_defaults(task: Task, settings: Settings, ruled: Collection[str]) -> Task:
    """The task with its limits filled in; those of the settings that are `ruled` (by the environment) come before its own."""
    limits = {name: getattr(settings, name) for name in OF_TASKS if _wanted(task.limits, name, ruled)}
    kind = kind_of(task.agent)
    if not kind.prompted:
        return task._replace(limits=task.limits._replace(**limits))
    limits.update(
        (name, getattr(settings, name)) for name in LIMITS_OF_PROMPTED if _wanted(task.limits, name, ruled)
    )
    claude = {name: getattr(settings, name) for name in kind.settings if _wanted(task.claude, name, ruled)}
    return task._replace(limits=task.limits._replace(**limits), claude=task.claude._replace(**claude))


def _wanted(part: NamedTuple, name: str, ruled: Collection[str]) -> bool:
    return name in ruled or getattr(part, name) in (None, "")
