"""The keys of a task that several agents take: each means the same to all of them, as far as they can do it."""

from __future__ import annotations

from clodputer.model.config.keys import CHOICE, CHOICES, FLAG, MONEY, TEXT, TEXTS, Key
from clodputer.model.config.keyvalue import one_word

MODEL = Key(
    "model",
    TEXT,
    "",
    "As the agent calls it: for `claude` an alias such as `sonnet`, or a full name.",
    check=one_word,
    absent="for `claude` that of `config.yaml`; else the agent's own choice",
    example="sonnet",
)

PERMISSION_MODE = Key(
    "permission_mode",
    CHOICE,
    "",
    "What it may do without asking. This is always passed on, so that nobody's own settings decide it. `default` "
    "and `manual` are the "
    "same. For other agents than `claude` see [a table](agents.md#what-permission_mode-means). When Claude "
    "says that it works in another mode, or with a tool that `disallowed_tools` forbids as a whole, the run is stopped at once "
    "with reason `permissions`; the record's `in_effect` has what it worked with.",
    choices=("default", "manual", "acceptEdits", "auto", "bypassPermissions", "dontAsk", "plan"),
    absent="`default`",
    example="acceptEdits",
)

MAX_COST_USD = Key(
    "max_cost_usd",
    MONEY,
    help="Checked after each reply, so one expensive reply can overshoot it. The run fails with reason `max_cost`.",
    smallest=0.0001,
    largest=1_000_000,
    absent="that of `config.yaml`, else no limit",
    example=1.5,
)

APPEND_SYSTEM_PROMPT = Key(
    "append_system_prompt",
    TEXT,
    "",
    "Added to Claude's system prompt, and given to other agents before the prompt. Clodputer adds [a "
    "text](#an-agent-that-finds-nothing-to-do) after it.",
    example="Answer in English.",
)

ADD_DIRS = Key(
    "add_dirs",
    TEXTS,
    (),
    "Folders besides the working directory that the agent may use. `~/` is expanded.",
    smallest=1,
    takes="path, or list of paths",
    example=["~/notes"],
)

SETTINGS_SOURCES = Key(
    "settings_sources",
    CHOICES,
    help="Which of the agent's settings files count. `user` keeps hooks and servers of a repository you do not trust "
    "from being started. [Text from outside](outside-text.md#what-such-a-run-may-not-do) in the prompt makes it the "
    "default.",
    choices=("user", "project", "local"),
    absent="all",
    example="user",
)

SESSION = Key(
    "session",
    CHOICE,
    "new",
    "`continue`: goes on with the conversation of the task's previous run. When that cannot be "
    "resumed, the run fails once and the next one begins a new conversation.",
    choices=("new", "continue"),
    example="continue",
)

ON_DENIED = Key(
    "on_denied",
    CHOICE,
    "fail",
    "Whether a denied tool makes the run fail (reason `denied`).",
    choices=("fail", "ignore"),
    example="ignore",
)

I_ACCEPT_THE_RISK = Key(
    "i_accept_the_risk",
    FLAG,
    default=False,
    help="Goes with `permission_mode: bypassPermissions`, which is a mistake without it, or in a folder that is not "
    "[isolated](guards.md#everything-allowed).",
    example=True,
)
