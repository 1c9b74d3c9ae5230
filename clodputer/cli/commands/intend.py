"""`clodputer intend`: what a run calls to leave word of something that is to be published after it."""

from __future__ import annotations

import os
import sys
from typing import Any, Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.publish import intent
from clodputer.model.publish.intent import LARGEST, InvalidIntent
from clodputer.model.publish.rule import KINDS
from clodputer.model.text.jsontext import loads
from clodputer.store.outgoing import intentplace, intents

INVALID, NO_RUN, REFUSED = "invalid_intent", "no_run", "not_allowed"


@click.command()
@click.argument("kind", metavar="KIND", type=click.Choice(list(KINDS)))
@click.option("--title", metavar="TEXT", help="The title of a pull request, or of an issue to be filed.")
@click.option("--body", "-b", metavar="TEXT", help="The text; - reads it from stdin.")
@click.option("--body-file", metavar="FILE", help="A file with the text.")
@click.option(
    "--number", type=int, metavar="N", help="The issue or pull request, if not the one this run is about."
)
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="A label to set; may be given several times."
)
@click.option("--complete", is_flag=True, help="The pull request does all that its issue asks for.")
@click.option("--reason", metavar="REASON", help="Why the issue is closed: completed or not_planned.")
@click.option(
    "--key", metavar="TEXT", help="What the issue is about; with the same key it is filed only once."
)
@click.option("--type", "event_type", metavar="TYPE", help="The type of an event.")
@click.option("--payload", metavar="JSON", help="The payload of an event, a JSON object.")
@click.option("--dedupe-key", metavar="TEXT", help="Of several events with the same key only one counts.")
@click.option("--item", metavar="TEXT", help="What an event is about.")
@json_option
def command(
    kind: str,
    title: Optional[str],
    body: Optional[str],
    body_file: Optional[str],
    number: Optional[int],
    labels: tuple[str, ...],
    complete: bool,
    reason: Optional[str],
    key: Optional[str],
    event_type: Optional[str],
    payload: Optional[str],
    dedupe_key: Optional[str],
    item: Optional[str],
) -> Result:
    """Ask, from inside a run, for something to be published after it.

    KIND is comment, draft_pull_request, push, label, close, event or file_issue. Nothing is sent now: when the run has
    ended well, Clodputer checks what it asks for, and sends it. The task's key `publish` says what it may ask for.

    \b
    Examples:
      clodputer intend comment --body "The cause is a race in the cache."
      clodputer intend draft_pull_request --title "Fix the race" --body-file body.md --complete
      clodputer intend event --type report.ready --payload '{"path": "report.md"}'
    """
    folder = os.environ.get(intentplace.VARIABLE, "")
    if not folder:
        raise ClodputerError(
            NO_RUN,
            f"this run may not publish: {intentplace.VARIABLE} is not set",
            "Give the task a key publish:, and call this from inside its run.",
        )
    fields: dict[str, Any] = {
        "kind": kind,
        "title": title,
        "body": _body(body, body_file),
        "number": number,
        "labels": list(labels) or None,
        "complete": complete or None,
        "reason": reason,
        "key": key,
        "type": event_type,
        "payload": _payload(payload),
        "dedupe_key": dedupe_key,
        "item": item,
    }
    return _left(folder, {name: value for name, value in fields.items() if value is not None})


def _left(folder: str, fields: dict[str, Any]) -> Result:
    """Hold it against the rules of intents and of the task, and leave it. What counts is the look after the run."""
    try:
        wanted = intent.read(fields)
    except InvalidIntent as error:
        raise ClodputerError(INVALID, str(error), "See: clodputer intend --help", ExitCode.USAGE) from None
    if intent.size(fields) > LARGEST:
        raise ClodputerError(INVALID, f"it has more than {LARGEST:,} bytes", "Ask for less.", ExitCode.USAGE)
    bounds = intents.bounds(folder)
    if bounds is None:
        raise ClodputerError(NO_RUN, f"the run has ended, or {folder} is damaged: nothing was recorded", "")
    code, message = intent.unfit(wanted, bounds)
    if code:
        raise ClodputerError(REFUSED, message, "The task's key publish: says what it may ask for.")
    number = len(intents.names(folder)) + 1
    if number > bounds.max_per_run:
        raise ClodputerError(
            REFUSED,
            f"this run has asked for {number - 1} already, and may not ask for more (max_per_run)",
            "",
        )
    path = intents.leave(folder, intent.fields_of(wanted))
    data = {"kind": wanted.kind, "number": number, "most": bounds.max_per_run, "path": path}
    return Result(
        data,
        f"{wanted.kind} noted ({number} of {bounds.max_per_run}): it is checked and sent after this run.",
    )


def _body(text: Optional[str], path: Optional[str]) -> Optional[str]:
    """The body, wherever it stands. Raises ClodputerError."""
    if text is not None and path is not None:
        raise ClodputerError("usage", "--body and --body-file are both given; keep one", "", ExitCode.USAGE)
    if text == "-":
        return sys.stdin.read(LARGEST)
    if path is None:
        return text
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise ClodputerError(
            "unreadable", f"{path}: {error.strerror}", "Name a file with the text."
        ) from None


def _payload(text: Optional[str]) -> Any:
    try:
        return None if text is None else loads(text)
    except ValueError as error:
        raise ClodputerError(INVALID, f"payload: this is not JSON: {error}", "", ExitCode.USAGE) from None
