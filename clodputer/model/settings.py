"""What holds for all tasks: the settings, their keys, and how they meet a task's own keys; checked values only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model import (
    budget,
    ceiling,
    channel,
    claudeversions,
    freshreport,
    lanes,
    plugin,
    require,
    retention,
    route,
    secretref,
    windowrule,
)
from clodputer.model.agent import kind_of
from clodputer.model.follow.keys import SETTING
from clodputer.model.github.keys import SETTING as GITHUB
from clodputer.model.keys import COUNT, DURATION, LISTED, MONEY, NAMED, PART, PATH, SIZE, TEXT, Key, named
from clodputer.model.keyvalue import one_word
from clodputer.model.run import DEFAULT_MAX_OUTPUT, STOP_GRACE, TIMEOUT
from clodputer.model.task import Task
from clodputer.model.webhook import keys as webhook
from clodputer.model.withunit import TERABYTE, YEAR

DAY = 86400.0
KB, MB, GB = 1024, 1024**2, 1024**3


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
    listen: str = webhook.LISTEN
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


_ONLY_CLAUDE = "Only for `agent: claude`."
_HELD = Settings()

# In the order of the page.
KEYS = (
    Key(
        "claude",
        PATH,
        _HELD.claude,
        "The claude to run.",
        absent="looked for on PATH and in the usual places",
        example="~/.local/bin/claude",
    ),
    claudeversions.KEY,
    Key("timeout", DURATION, _HELD.timeout, "The longest a run may take.", 0.001, YEAR, example="1h"),
    Key(
        "stop_grace",
        DURATION,
        _HELD.stop_grace,
        "How long a run that is stopped gets to clean up before it is killed.",
        0,
        YEAR,
        example="10s",
    ),
    Key(
        "max_output",
        SIZE,
        _HELD.max_output,
        "A run that writes more to stdout and stderr is stopped.",
        1,
        TERABYTE,
        example="200MB",
    ),
    Key(
        "model",
        TEXT,
        _HELD.model,
        f"The model of tasks that name none. {_ONLY_CLAUDE}",
        check=one_word,
        absent="the account's",
        example="sonnet",
    ),
    Key(
        "startup_timeout",
        DURATION,
        _HELD.startup_timeout,
        "How long an agent with a prompt may take until its first output. A program may be silent until its end.",
        0.001,
        YEAR,
        absent="1m 30s",
        example="90s",
    ),
    Key(
        "stall_timeout",
        DURATION,
        _HELD.stall_timeout,
        "How long an agent with a prompt may be silent while no tool is known to be running.",
        0.001,
        YEAR,
        absent="20m",
        example="20m",
    ),
    Key(
        "max_turns",
        COUNT,
        _HELD.max_turns,
        f"The most turns of a run. {_ONLY_CLAUDE}",
        1,
        100_000,
        absent="no limit",
        example=100,
    ),
    Key(
        "max_cost_usd",
        MONEY,
        _HELD.max_cost_usd,
        f"The most a run may cost, in US dollars. {_ONLY_CLAUDE}",
        0.0001,
        1_000_000,
        absent="no limit",
        example=5,
    ),
    *lanes.KEYS,
    budget.key("all runs together"),
    ceiling.key("Each lane"),
    Key(
        "require",
        PART,
        _HELD.require,
        "What the machine must be like for any run to begin; a task's own `require` comes before it, key by key.",
        keys=require.NEEDS,
        absent="`disk_free: 500MB`",
        example={"power": "ac"},
    ),
    windowrule.KEY._replace(
        help="Up to which use of a subscription's windows any run begins; a task's own `window` comes before it, key by key. "
        "See [usage windows](usage-windows.md).",
        absent="no limit",
        example={"stop_at": "90%", "keep_back": "20% during 09:00-18:00"},
    ),
    SETTING,
    route.SETTING,
    secretref.SETTING,
    plugin.SETTING,
    channel.SETTING,
    Key(
        "idle_after",
        DURATION,
        _HELD.idle_after,
        "You are told once when no run has begun or ended for so long.",
        60,
        YEAR,
        absent="you are not told",
        example="26h",
    ),
    channel.PING._replace(
        help="The same as the `ping` of a task, for the runs of all tasks together; see [Telling someone](notify.md#pings)."
    ),
    channel.APPROVE_LINK,
    *webhook.SETTINGS,
    GITHUB,
    Key(
        "metrics",
        PATH,
        _HELD.metrics,
        "A file that is written at the end of each exec that had something to do, for the textfile collector of Prometheus; "
        "see [Metrics](metrics.md).",
        absent="none",
        example="~/metrics/clodputer.prom",
    ),
    freshreport.SETTING,
    Key(
        "sweep",
        DURATION,
        _HELD.sweep,
        "How often the scheduler looks for work that nothing else has started.",
        60,
        3600,
        example="5m",
    ),
    *retention.KEYS,
)
BY_NAME = named(KEYS)
# Those with one value, which a variable or an argument can hold.
SINGLE = {name: key for name, key in BY_NAME.items() if key.kind not in (NAMED, PART, LISTED)}

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
