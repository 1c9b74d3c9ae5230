"""The keys of config.yaml and of the CLODPUTER_ variables: from this table come checks, defaults, hints, pages and schemas."""

from __future__ import annotations

from clodputer.model.config import secretref
from clodputer.model.config.keys import (
    COUNT,
    DURATION,
    LISTED,
    MONEY,
    NAMED,
    PART,
    PATH,
    SIZE,
    TEXT,
    Key,
    named,
)
from clodputer.model.config.keyvalue import one_word
from clodputer.model.config.settings import Settings
from clodputer.model.config.withunit import TERABYTE, YEAR
from clodputer.model.follow.keys import SETTING
from clodputer.model.gates import budget, ceiling, require, windowrule
from clodputer.model.github.keys import SETTING as GITHUB
from clodputer.model.notify import channel
from clodputer.model.queue import lanes
from clodputer.model.rights import claudeversions
from clodputer.model.triggers import plugin, route
from clodputer.model.upkeep import freshreport, retention
from clodputer.model.webhook import keys as webhook

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
    Key(
        "machine",
        TEXT,
        _HELD.machine,
        "A name of this machine for `machines` in tasks, beside its host name.",
        check=one_word,
        absent="its host name alone",
        example="studio",
    ),
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
        help="Up to which use of a subscription's windows runs begin; a task's own `window` comes before it, key by key. "
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
        "You are notified once when no run has begun or ended for this long.",
        60,
        YEAR,
        absent="you are not notified",
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
