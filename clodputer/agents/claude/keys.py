"""The keys that a task of agent `claude` may have: each becomes a flag or decides how a run is judged."""

from __future__ import annotations

from clodputer.agents.claude import tools
from clodputer.model import suspect
from clodputer.model.keys import CHOICE, CHOICES, COUNT, FLAG, MAPPING, MONEY, TEXT, TEXTS, Key
from clodputer.model.keyvalue import one_word

KEYS = (
    Key(
        "model",
        TEXT,
        "",
        "An alias such as `sonnet`, or a full model name.",
        check=one_word,
        absent="that of `config.yaml`, else the account's",
        example="sonnet",
    ),
    Key(
        "fallback_model",
        TEXTS,
        (),
        "Used in this order while the model is overloaded.",
        smallest=1,
        check=one_word,
        example=["sonnet", "haiku"],
    ),
    Key(
        "allowed_tools",
        TEXTS,
        (),
        "Tools, or rules such as `Bash(git log:*)`, that need no permission. There is nobody to ask: what is neither "
        "allowed here nor by `permission_mode` is denied.",
        check=tools.check,
        example=["Read", "Bash(git log:*)"],
    ),
    Key(
        "disallowed_tools",
        TEXTS,
        (),
        "Tools or rules that are denied, whatever else allows them.",
        smallest=1,
        check=tools.check,
        example="WebSearch",
    ),
    Key(
        "permission_mode",
        CHOICE,
        "",
        "As `--permission-mode`, and always passed on: `defaultMode` of anybody's settings does not count. `default` and "
        "`manual` are the same. When Claude says that it works in another mode, or with a tool that `disallowed_tools` forbids "
        "as a whole, the run is stopped at once with reason `permissions`; the record's `in_effect` has what it worked with.",
        choices=("default", "manual", "acceptEdits", "auto", "bypassPermissions", "dontAsk", "plan"),
        absent="`default`",
        example="acceptEdits",
    ),
    Key(
        "max_turns",
        COUNT,
        help="A run that needs more turns fails with reason `max_turns`.",
        smallest=1,
        largest=100_000,
        absent="that of `config.yaml`, else no limit",
        example=50,
    ),
    Key(
        "max_cost_usd",
        MONEY,
        help="Checked after each reply, so one expensive reply can overshoot it. The run fails with reason `max_cost`.",
        smallest=0.0001,
        largest=1_000_000,
        absent="that of `config.yaml`, else no limit",
        example=1.5,
    ),
    Key(
        "append_system_prompt",
        TEXT,
        "",
        "Added to Claude's system prompt. After it comes a [text of ours](#an-agent-that-finds-nothing-to-do).",
        example="Answer in English.",
    ),
    Key(
        "mcp_config",
        TEXTS,
        (),
        "The MCP servers of this task; with this key Claude starts no others. `~/` is expanded. For none at all: "
        "`'{\"mcpServers\": {}}'`.",
        smallest=1,
        absent="Claude's own",
        takes="path or JSON as text, or a list of them",
        example="~/mcp.json",
    ),
    Key(
        "add_dirs",
        TEXTS,
        (),
        "Folders besides the working directory that Claude may use. `~/` is expanded.",
        smallest=1,
        takes="path, or list of paths",
        example=["~/notes"],
    ),
    Key(
        "settings_sources",
        CHOICES,
        help="Which of Claude's settings files count. `user` keeps hooks and servers of a repository you do not trust "
        "from being started. [Text from outside](outside-text.md#what-such-a-run-may-not-do) in the prompt makes it the "
        "default.",
        choices=("user", "project", "local"),
        absent="all",
        example="user",
    ),
    Key(
        "json_schema",
        MAPPING,
        help="A JSON Schema, given to `claude --json-schema`: the answer becomes JSON of that form.",
        example={"type": "object"},
    ),
    Key(
        "session",
        CHOICE,
        "new",
        "`continue`: goes on with the conversation of the task's previous run. When that cannot be "
        "resumed, the run fails once and the next one begins a new conversation.",
        choices=("new", "continue"),
        example="continue",
    ),
    Key(
        "on_denied",
        CHOICE,
        "fail",
        "Whether a denied tool makes the run fail (reason `denied`).",
        choices=("fail", "ignore"),
        example="ignore",
    ),
    Key(
        "requires_mcp",
        TEXTS,
        (),
        "MCP servers that must be connected, or the run fails (reason `mcp`).",
        smallest=1,
        example="github",
    ),
    Key(
        "repeat_limit",
        COUNT,
        20,
        "A run that calls the same tool with the same input more often than this goes round in circles, and is stopped (reason "
        "`no_progress`). Whenever it changes a file it is counted anew. `0`: never stopped.",
        smallest=0,
        largest=100_000,
        example=50,
    ),
    Key(
        "max_file_operations",
        COUNT,
        help="How many calls of `Write`, `Edit`, `MultiEdit` and `NotebookEdit` a run may make; those that fail or are "
        "denied do not count. It is stopped at the first one beyond (reason `file_operations`), which may still be "
        "carried out. What it has changed stays as it is.",
        smallest=0,
        largest=100_000,
        absent="any number",
        example=30,
    ),
    Key(
        "i_accept_the_risk",
        FLAG,
        default=False,
        help="Goes with `permission_mode: bypassPermissions`, which is a mistake without it, or in a folder that is not "
        "[isolated](guards.md#everything-allowed).",
        example=True,
    ),
    Key(
        "produces",
        CHOICE,
        "",
        "What a run is for. `changes`: one that ends well, changes nothing and does not say that there was nothing to do is "
        "[suspect](#a-success-that-did-nothing). `text`: its text is what is wanted.",
        choices=suspect.PRODUCTS,
        absent="`changes` when `allowed_tools` or `permission_mode` let it change something and there is no "
        "`json_schema`, else `text`",
        example="text",
    ),
)
