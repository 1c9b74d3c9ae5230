"""The keys that a task of agent `claude` may have: each becomes a flag or decides how a run is judged."""

from __future__ import annotations

from clodputer.agents import keys
from clodputer.agents.claude import tools
from clodputer.model.config.keys import CHOICE, COUNT, MAPPING, TEXTS, Key
from clodputer.model.config.keyvalue import one_word
from clodputer.model.proof import suspect

KEYS = (
    keys.MODEL,
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
    keys.PERMISSION_MODE,
    Key(
        "max_turns",
        COUNT,
        help="A run that needs more turns fails with reason `max_turns`.",
        smallest=1,
        largest=100_000,
        absent="that of `config.yaml`, else no limit",
        example=50,
    ),
    keys.MAX_COST_USD,
    keys.APPEND_SYSTEM_PROMPT,
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
    keys.ADD_DIRS,
    keys.SETTINGS_SOURCES,
    Key(
        "json_schema",
        MAPPING,
        help="A JSON Schema, given to `claude --json-schema`: the answer becomes JSON of that form.",
        example={"type": "object"},
    ),
    keys.SESSION,
    keys.ON_DENIED,
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
        "A run that calls the same tool with the same input more often than this is going round in circles, and "
        "is stopped (reason "
        "`no_progress`). The count starts again whenever it changes a file. `0`: never stopped.",
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
    keys.I_ACCEPT_THE_RISK,
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
