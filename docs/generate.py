"""Write the parts of docs/ that the program itself knows: `python -m docs.generate`; tests/test_docs.py checks them."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Mapping

import click

from clodputer import __version__
from clodputer.cli.completion.shells import BASH, FISH, ZSH
from clodputer.cli.group import COMMANDS, program
from clodputer.model.exitcode import ExitCode
from clodputer.model.outcome import BLAMELESS, OUTCOMES, REASONS
from clodputer.model.schedules import due
from docs import fileschema, keytables, manpage

FOLDER = os.path.dirname(os.path.abspath(__file__))
WIDTH = 80

EXIT_CODES = {
    ExitCode.DONE: "Done, or nothing to do. For `run` and `demo`: the run succeeded. For `exec`: the work was done, "
    "however the runs ended.",
    ExitCode.EXPECTED: "An error that you can fix; the message says how. For `run` and `demo`: the run did not succeed. "
    "For `validate`: there are mistakes. Also when nobody read what was printed (a broken pipe).",
    ExitCode.USAGE: "The command line was not understood.",
    ExitCode.BUG: "A fault in Clodputer; the message names a report file that is ready for an issue.",
    ExitCode.DOCTOR: "`doctor` found a problem; it names the remedy.",
    ExitCode.LATER: "Not now: the task, its lane or its account is on hold, or a usage limit was reached (`run` only).",
    ExitCode.INTERRUPTED: "Interrupted by Ctrl-C. For `run`: the run was cancelled.",
}


def cli_page() -> str:
    """docs/cli.md: the help of every command."""
    parts = [
        "# The commands",
        "",
        "Generated from the commands' own help by `python -m docs.generate`.",
        "",
        "Every command takes `--json`: it then prints one object on stdout and nothing else there,",
        "`{version, command, ok, data, errors: [{code, message, hint}]}`. `ok` is true when the exit code is 0.",
        "`run` and `show` put the record of the run under `data.record`. What the data of each command holds is",
        "promised by a JSON Schema: [schemas](schemas/README.md). Exit codes are in [exit-codes.md](exit-codes.md).",
        "",
        "## clodputer",
        "",
        *_block(_help(program, None, "clodputer")),
    ]
    parent = click.Context(program, info_name="clodputer", terminal_width=WIDTH)
    for name in COMMANDS:
        command = program.get_command(parent, name)
        assert command is not None  # noqa: S101 (COMMANDS names it)
        parts += ["", f"## clodputer {name}", "", *_block(_help(command, parent, name))]
    return "\n".join(parts) + "\n"


def _help(command: click.Command, parent: click.Context | None, name: str) -> str:
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    return command.get_help(context)


def _block(text: str) -> list[str]:
    return ["```text", *(line.rstrip() for line in text.rstrip().split("\n")), "```"]


def reasons() -> str:
    """The table of outcomes and reasons."""
    rows = ["| outcome | reason | what it means | what to do | retried |", "|---|---|---|---|---|"]
    for outcome in OUTCOMES:
        for code, reason in REASONS.items():
            if reason.outcome == outcome:
                retried = "" if outcome in BLAMELESS else reason.retry
                rows.append(f"| {outcome} | `{code}` | {reason.meaning} | {reason.remedy} | {retried} |")
    return "\n".join(rows)


def not_run() -> str:
    """The table of reasons for which a slot time was not run."""
    rows = ["| reason | what it means |", "|---|---|"]
    return "\n".join([*rows, *(f"| `{code}` | {meaning} |" for code, meaning in due.REASONS.items())])


def exit_codes() -> str:
    """The table of exit codes."""
    rows = ["| code | name | meaning |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {int(code)} | {code.name} | {EXIT_CODES[code]} |" for code in ExitCode)])


def rooms() -> str:
    """docs/rooms.md: every folder of the package with the sentence it opens with."""
    package = os.path.join(os.path.dirname(FOLDER), "clodputer")
    lines = [
        "# The rooms",
        "",
        "Every folder of the code and what is in it, generated from its own first sentence by `python -m docs.generate`.",
        "[tour.md](tour.md) tells how they work together.",
        "",
        "| room | what is in it |",
        "|---|---|",
    ]
    for folder, inner, _ in os.walk(package):
        # Folders that hold no code of ours: compiled files, also those that a room has left behind where it was before.
        inner[:] = sorted(name for name in inner if os.path.exists(f"{folder}/{name}/__init__.py"))
        with open(os.path.join(folder, "__init__.py"), encoding="utf-8") as file:
            sentence = (ast.get_docstring(ast.parse(file.read())) or "").split("\n")[0]
        shown = os.path.relpath(folder, os.path.dirname(package))
        lines.append(f"| `{shown}/` | {sentence} |")
    return "\n".join(lines) + "\n"


def filled(text: str, sections: Mapping[str, str]) -> str:
    """A page with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced."""
    for name, content in sections.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"no place for {name}")
        text = f"{before}{begin}{content}\n{end}{after}"
    return text


def pages() -> dict[str, str]:
    """Every page that is generated, wholly or in part, with the text it must have."""
    with open(f"{FOLDER}/troubleshooting.md", encoding="utf-8") as file:
        troubleshooting = file.read()
    with open(f"{FOLDER}/exit-codes.md", encoding="utf-8") as file:
        codes = file.read()
    with open(f"{FOLDER}/scheduling.md", encoding="utf-8") as file:
        scheduling = file.read()
    with open(f"{FOLDER}/tasks.md", encoding="utf-8") as file:
        tasks = file.read()
    with open(f"{FOLDER}/configuration.md", encoding="utf-8") as file:
        configuration = file.read()
    with open(f"{FOLDER}/follow-ups.md", encoding="utf-8") as file:
        follow_ups = file.read()
    with open(f"{FOLDER}/state.md", encoding="utf-8") as file:
        state = file.read()
    with open(f"{FOLDER}/plugins.md", encoding="utf-8") as file:
        plugins = file.read()
    return {
        "plugins.md": filled(plugins, {"keys of a manifest": keytables.manifest_keys()}),
        "state.md": filled(state, keytables.state_keys()),
        "follow-ups.md": filled(follow_ups, keytables.follow_ups()),
        "tasks.md": filled(tasks, keytables.sections()),
        "configuration.md": filled(configuration, {"keys of config.yaml": keytables.configuration()}),
        "schemas/task.json": json.dumps(fileschema.task(), indent=2, ensure_ascii=False) + "\n",
        "schemas/settings.json": json.dumps(fileschema.settings(), indent=2, ensure_ascii=False) + "\n",
        "schemas/outcome.json": json.dumps(fileschema.outcomes(), indent=2, ensure_ascii=False) + "\n",
        "scheduling.md": filled(scheduling, {"not run": not_run()}),
        "rooms.md": rooms(),
        "cli.md": cli_page(),
        "troubleshooting.md": filled(troubleshooting, {"reasons": reasons()}),
        "exit-codes.md": filled(codes, {"exit codes": exit_codes()}),
        **shared(),
    }


def shared() -> dict[str, str]:
    """What an installation puts below share/, where man and the shells look for it."""
    codes = {int(code): meaning for code, meaning in EXIT_CODES.items()}
    return {
        "share/man/man1/clodputer.1": manpage.page(program, COMMANDS, codes, __version__, WIDTH),
        "share/bash-completion/completions/clodputer": BASH,
        "share/zsh/site-functions/_clodputer": ZSH,
        "share/fish/vendor_completions.d/clodputer.fish": FISH,
    }


def main() -> None:
    """Write them."""
    for name, text in pages().items():
        with open(f"{FOLDER}/{name}", "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
