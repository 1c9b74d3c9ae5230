"""The lists of the house: its floors, what model/ may import, and the modules of other rooms that are pure as well."""

from __future__ import annotations

# Imports go down; on one floor only inside one folder. Modules that stand directly in clodputer/ are no floor at all.
FLOORS = {
    "cli": 9,
    "views": 8,
    "schedulers": 7,
    "archive": 6,
    "runner": 6,
    "outbox": 5,
    "tasks": 4,
    "agents": 3,
    "engines": 3,
    "effects": 3,
    "gates": 3,
    "isolate": 3,
    "notify": 3,
    "triggers": 3,
    "github": 2,
    "store": 1,
    "model": 0,
}

# What the brain may know: values, text and arithmetic. No files, no clock, no processes, no environment.
MODEL_MAY_IMPORT = {
    "__future__",
    "abc",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "base64",
    "binascii",
    "hashlib",
    "hmac",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "random",
    "re",
    "shlex",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "uuid",
}
# Of `time`, what reckons with a moment that is given; the clock itself is not read.
MODEL_EXCEPTIONS = {
    "clodputer/model/text/moment.py": {"time"},
    # Python's own warnings about a person's regular expression.
    "clodputer/model/config/keyvalue.py": {"warnings"},
    # sha256 without OpenSSL, by the names that it has had.
    "clodputer/model/upkeep/chain.py": {"_sha2", "_sha256"},
    # Forms of text, read from a text that is given.
    "clodputer/model/findings/complexity.py": {"csv"},
    "clodputer/model/findings/sarif.py": {"urllib"},
    "clodputer/model/findings/xmltext.py": {"xml"},
    "clodputer/model/webhook/keys.py": {"ipaddress"},
}

# Modules of other rooms that decide and do nothing: they may import what model/ may, model/ itself, and one another.
PURE = {
    "clodputer/agents/claude/reading/apierror.py",
    "clodputer/agents/claude/reading/cost.py",
    "clodputer/agents/claude/reading/denied.py",
    "clodputer/agents/claude/reading/describe.py",
    "clodputer/agents/claude/reading/in_effect.py",
    "clodputer/agents/claude/keys.py",
    "clodputer/agents/claude/reading/prices.py",
    "clodputer/agents/claude/reading/stream.py",
    "clodputer/agents/claude/reading/changes.py",
    "clodputer/agents/claude/reading/repeats.py",
    "clodputer/agents/claude/reading/testcounts.py",
    "clodputer/agents/claude/reading/tokens.py",
    "clodputer/agents/claude/tools.py",
    "clodputer/agents/claude/reading/windows.py",
    "clodputer/agents/keys.py",
    "clodputer/agents/notes.py",
    "clodputer/agents/own.py",
    "clodputer/agents/lines.py",
    "clodputer/agents/nothing.py",
    "clodputer/archive/imports/claude_code_queue.py",
    "clodputer/archive/imports/commands.py",
    "clodputer/archive/imports/crontab.py",
    "clodputer/archive/imports/fill.py",
    "clodputer/archive/imports/flags.py",
    "clodputer/archive/imports/github_workflow.py",
    "clodputer/archive/imports/launchd.py",
    "clodputer/archive/imports/making.py",
    "clodputer/archive/imports/oncalendar.py",
    "clodputer/archive/imports/shell.py",
    "clodputer/archive/imports/systemd.py",
    "clodputer/archive/imports/values.py",
    "clodputer/archive/imports/words.py",
    "clodputer/archive/imports/wrappers.py",
    "clodputer/archive/format/manifest.py",
    "clodputer/archive/backup/placing.py",
    "clodputer/cli/result.py",
    "clodputer/cli/terminal/ink.py",
    "clodputer/cli/terminal/printable.py",
    "clodputer/cli/terminal/when.py",
    "clodputer/runner/processes/keeper/decide.py",
    "clodputer/runner/processes/leftovers/recorded.py",
    "clodputer/schedulers/cron/block.py",
    "clodputer/schedulers/launchd/calendar.py",
    "clodputer/schedulers/unit.py",
    "clodputer/store/taskfiles/problems.py",
    "clodputer/store/taskfiles/template_terms.py",
    "clodputer/tasks/own.py",
    "clodputer/triggers/file_watch/snapshot.py",
}

# Folders that hold one file for each thing of a kind, all alike: as many as there are.
ONE_FILE_FOR_EACH = {"clodputer/cli/commands", "clodputer/effects", "clodputer/gates"}
