"""Task files with unknown keys and values of the wrong kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks import told

# What stands in tasks/x.yaml, and every line that is said about it.
BAD: dict[str, tuple[str, list[str]]] = {
    "unknown key": ("prompt: a\ntimout: 5m\n", ["2: timout: unknown key (did you mean 'timeout'?)"]),
    "unknown key in camel case": (
        "prompt: a\nallowedTools: Read\n",
        ["2: allowedTools: unknown key (did you mean 'allowed_tools'?)"],
    ),
    "unknown key like nothing": ("prompt: a\nzzz: 1\n", ["2: zzz: unknown key"]),
    "unknown key below": (
        "prompt: a\nexpect:\n  file_exist: b\n",
        ["3: expect.file_exist: unknown key (did you mean 'file_exists'?)"],
    ),
    "unknown key below that is like nothing": (
        "prompt: a\nbudget: {zzz: 1}\n",
        ["2: budget.zzz: unknown key; known here: per_day, per_24h, per_month, runs_per_day"],
    ),
    "key of two lines": ('prompt: a\n"b\\nc": 1\n', ["2: 'b\\nc': unknown key"]),
    "key in another language": ("prompt: a\n名前: b\n", ["2: 名前: unknown key"]),
    "number for text": ("prompt: 5\n", ["1: prompt: expected text, found 5; put it in quotes"]),
    "bool for text": (
        "prompt: a\ndescription: true\n",
        ["2: description: expected text, found true; put it in quotes"],
    ),
    "home without quotes, which YAML reads as nothing": (
        "prompt: a\nworking_directory: ~\n",
        ["2: working_directory: has no value; give it one, or remove the line"],
    ),
    "list for text": ("prompt: [a]\n", ["1: prompt: expected text, found a list"]),
    "nothing for text": (
        "prompt: a\nmodel:\n",
        ["2: model: has no value; give it one, or remove the line"],
    ),
    "empty text": ("prompt: ''\n", ["1: prompt: expected some text, found ''"]),
    "blank text": ("prompt: a\nmodel: '  '\n", ["2: model: expected some text, found '  '"]),
    "yes is no bool": ("prompt: a\nenabled: yes\n", ["2: enabled: expected true or false, found 'yes'"]),
    "number is no bool": ("prompt: a\nenabled: 1\n", ["2: enabled: expected true or false, found 1"]),
    "bool is no number": (
        "prompt: a\nmax_turns: true\n",
        ["2: max_turns: expected a whole number from 1 to 100,000, found true"],
    ),
    "text is no number": (
        "prompt: a\nmax_turns: '5'\n",
        ["2: max_turns: expected a whole number from 1 to 100,000, found '5'"],
    ),
    "half a turn": (
        "prompt: a\nmax_turns: 1.5\n",
        ["2: max_turns: expected a whole number from 1 to 100,000, found 1.5"],
    ),
    "no turns": (
        "prompt: a\nmax_turns: 0\n",
        ["2: max_turns: expected a whole number from 1 to 100,000, found 0"],
    ),
    "too many turns": (
        "prompt: a\nmax_turns: 100001\n",
        ["2: max_turns: expected a whole number from 1 to 100,000, found 100001"],
    ),
    "cost as text": (
        "prompt: a\nmax_cost_usd: $5\n",
        ["2: max_cost_usd: expected a number from 0.0001 to 1,000,000, found '$5'"],
    ),
    "cost of nothing": (
        "prompt: a\nmax_cost_usd: 0\n",
        ["2: max_cost_usd: expected a number from 0.0001 to 1,000,000, found 0"],
    ),
    "negative cost": (
        "prompt: a\nmax_cost_usd: -1\n",
        ["2: max_cost_usd: expected a number from 0.0001 to 1,000,000, found -1"],
    ),
    "infinite cost": (
        "prompt: a\nmax_cost_usd: .inf\n",
        ["2: max_cost_usd: expected a number from 0.0001 to 1,000,000, found '.inf'"],
    ),
    "number too large": (
        "prompt: a\nmax_cost_usd: 1e999\n",
        [
            "2: the number 1e999 is too large to keep; put it in quotes if it is text",
            "2: max_cost_usd: expected a number from 0.0001 to 1,000,000, found '1e999'",
        ],
    ),
    "number too long": (
        f"prompt: a\nmax_turns: {'9' * 5000}\n",
        [
            "2: the number 999999999999999999... is too long to keep; put it in quotes if it is text",
            f"2: max_turns: expected a whole number from 1 to 100,000, found '{'9' * 56}...",
        ],
    ),
    "duration without unit": (
        "prompt: a\ntimeout: 30\n",
        ["2: timeout: expected a duration with its unit, found 30; write 30s or 30m"],
    ),
    "duration with a wrong unit": (
        "prompt: a\ntimeout: 5 minutes\n",
        ["2: timeout: expected a duration such as 90s, 30m or 2h, found '5 minutes'"],
    ),
    "duration as bool": (
        "prompt: a\ntimeout: true\n",
        ["2: timeout: expected a duration such as 90s, 30m or 2h, found true"],
    ),
    "duration of clock time": (
        "prompt: a\ntimeout: 1:30\n",
        ["2: timeout: expected a duration such as 90s, 30m or 2h, found '1:30'"],
    ),
    "duration of nothing": (
        "prompt: a\nstall_timeout: 0s\n",
        ["2: stall_timeout: expected a duration above 0 and up to 366d, found '0s'"],
    ),
    "duration too long": (
        "prompt: a\nstop_grace: 400d\n",
        ["2: stop_grace: expected a duration of up to 366d, found '400d'"],
    ),
    "duration beyond all bounds": (
        f"prompt: a\ntimeout: {'9' * 400}d\n",
        [f"2: timeout: expected a duration such as 90s, 30m or 2h, found '{'9' * 56}..."],
    ),
    "size without unit": (
        "prompt: a\nmax_output: 5\n",
        ["2: max_output: expected a size with its unit, found 5; write 5KB or 5MB"],
    ),
    "size with a wrong unit": (
        "prompt: a\nmax_output: 5 bananas\n",
        ["2: max_output: expected a size such as 500KB, 200MB or 2GB, found '5 bananas'"],
    ),
    "size of nothing": (
        "prompt: a\nmax_output: 0MB\n",
        ["2: max_output: expected a size above 0 and up to 1TB, found '0MB'"],
    ),
    "priority out of range": (
        "prompt: a\npriority: 6\n",
        ["2: priority: expected 1 to 5 (5 runs first), or low, normal, high, found 6"],
    ),
    "priority in a wrong word": (
        "prompt: a\npriority: urgent\n",
        ["2: priority: expected 1 to 5 (5 runs first), or low, normal, high, found 'urgent'"],
    ),
    "misspelt agent": (
        "agent: cluade\nprompt: a\n",
        [
            "1: agent: expected one of claude, codex, gemini, opencode, command, found 'cluade' (did you mean 'claude'?)"
        ],
    ),
    "misspelt choice": (
        "prompt: a\npermission_mode: acceptedits\n",
        [
            (
                "2: permission_mode: expected one of default, manual, acceptEdits, auto, bypassPermissions, dontAsk, "
                "plan, found 'acceptedits' (did you mean 'acceptEdits'?)"
            )
        ],
    ),
    "choice as number": ("prompt: a\nsession: 1\n", ["2: session: expected one of new, continue, found 1"]),
    "choice in a list": (
        "prompt: a\nsettings_sources:\n  - user\n  - projekt\n",
        [
            (
                "4: settings_sources[1]: expected one of user, project, local, found 'projekt' "
                "(did you mean 'project'?)"
            )
        ],
    ),
    "on_denied": ("prompt: a\non_denied: no\n", ["2: on_denied: expected one of fail, ignore, found 'no'"]),
    "number for a list": (
        "prompt: a\nallowed_tools: 5\n",
        ["2: allowed_tools: expected a text or a list of texts, found 5"],
    ),
    "mapping for a list": (
        "prompt: a\nallowed_tools: {Read: true}\n",
        ["2: allowed_tools: expected a text or a list of texts, found a mapping"],
    ),
    "number in a list": (
        "prompt: a\nallowed_tools:\n  - Read\n  - 5\n",
        ["4: allowed_tools[1]: expected text, found 5; put it in quotes"],
    ),
    "list in a list": (
        "prompt: a\nadd_dirs: [[a]]\n",
        ["2: add_dirs[0]: expected text, found a list"],
    ),
    "number in env": (
        "prompt: a\nenv:\n  PORT: 8080\n",
        ["3: env.PORT: expected text, found 8080; put it in quotes"],
    ),
    "name in env": (
        "prompt: a\nenv: {A-B: x}\n",
        ["2: env.A-B: expected a variable's name of letters, digits and '_', found 'A-B'"],
    ),
    "reserved name in env": (
        "prompt: a\nenv: {TMPDIR: x}\n",
        [
            (
                "2: env.TMPDIR: expected another variable, found 'TMPDIR'; "
                "Clodputer sets this one itself for each run"
            )
        ],
    ),
    "text for a mapping": (
        "prompt: a\ncontext: b\n",
        ["2: context: expected a mapping of names to values, found 'b'"],
    ),
    "text for a schema": (
        "prompt: a\njson_schema: schema.json\n",
        ["2: json_schema: expected a mapping of names to values, found 'schema.json'"],
    ),
    "text for expect": (
        "prompt: a\nexpect: success\n",
        ["2: expect: expected a mapping of names to values, found 'success'"],
    ),
    "shell in expect": (
        "prompt: a\nexpect:\n  command_succeeds: make test\n",
        [
            (
                "3: expect.command_succeeds: expected a list such as [program, argument], found 'make test'; no "
                "shell reads it, so each argument is a separate item"
            )
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_wrong_values_are_told_in_full(case: str, tmp_path: Path) -> None:
    """Every error of a file is told, with file, line, key, what was expected and what was found."""
    text, expected = BAD[case]
    assert told.about(text, tmp_path) == [f"tasks/x.yaml:{line}" for line in expected]
