"""A run's record laid out for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from json import dumps
from shlex import quote
from typing import Any, Optional

from clodputer.cli.terminal.fields import MARGIN, field
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung, prose, wrapped
from clodputer.model.isolate import obeyed
from clodputer.model.isolate.provision import SETUP, TEARDOWN
from clodputer.model.outcome import LIMITED, REASONS, SKIPPED, SUCCEEDED, remedy
from clodputer.model.proof.proof import AFTER, BEFORE, PRECHECK, is_proven
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone

# A result is read here, not studied: the whole of it is in the record.
LONGEST_LINES, LONGEST_LINE = 20, 160
MOST_FILES = 10
MOST_REFUSED = 10
_EVERYTHING = "It was allowed everything without asking (permission_mode: bypassPermissions)."

_LOOKS = {
    PRECHECK: "precheck",
    SETUP: "setup",
    BEFORE: "verify before",
    AFTER: "verify after",
    TEARDOWN: "teardown",
}


def corrected(record: Mapping[str, Any], correction: Optional[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The record with the verdict that holds, if `reclassify` has corrected it, and a word of that."""
    if correction is None:
        return record
    verdict = {key: correction[key] for key in ("outcome", "reason", "message")}
    said = f"by clodputer reclassify on {correction['at'][:10]}; recorded was {record['outcome']} ({record['reason']})"
    return {**record, **verdict, "corrected": said}


def headline(record: Mapping[str, Any]) -> str:
    """The task and how it ended, in one line."""
    word = {SUCCEEDED: "green", SKIPPED: "green", LIMITED: "yellow"}.get(record["outcome"], "red")
    took = format_duration(float(record["duration_seconds"]))
    doubt = ink(" (suspect)", "yellow") if record.get("suspect") else ""
    doubt += ink(" (corrected)", "yellow") if record.get("corrected") else ""
    return f"{ink(record['task'], 'bold')} {ink(record['outcome'], word, 'bold')}{doubt} after {took}"


def summary(record: Mapping[str, Any], folder: str, *, tree_gone: bool = False) -> str:
    """The headline and what follows it, one labelled line each; what is empty is left out.

    tree_gone: the worktree that the record calls kept is not there any more.
    """
    found = _fields(record, folder, tree_gone)
    return "\n".join([hung(headline(record)), *(field(label, text) for label, text in found if text)])


def shortened(text: str, where: str) -> str:
    """The first lines of a text, harmless to a terminal, with the place of the rest."""
    lines = printable(text.strip()).split("\n")
    shown = [
        line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 3] + "..."
        for line in lines[:LONGEST_LINES]
    ]
    if shown != lines:
        shown.append(ink(f"(shortened; all of it is in {where})", "dim"))
    return "\n".join(shown)


def _fields(record: Mapping[str, Any], folder: str, tree_gone: bool) -> Iterable[tuple[str, str]]:
    reason = REASONS.get(record["reason"])
    succeeded = record["outcome"] == SUCCEEDED
    yield (
        "reason",
        "" if succeeded else prose(f"{record['reason']}: {reason.meaning if reason else ''}", MARGIN),
    )
    attempt = int(record.get("attempt") or 1)
    before = record.get("retry_of")
    yield "attempt", prose(f"{attempt}; the run before it was {before}" if before else "", MARGIN)
    yield "message", prose(str(record["message"] or ""), MARGIN)
    yield "remedy", "" if succeeded else prose(remedy(record["reason"], record["run_id"]), MARGIN)
    yield "corrected", prose(str(record.get("corrected") or ""), MARGIN)
    yield "suspect", prose(str(record.get("suspect") or ""), MARGIN)
    fed_by = ", ".join(record.get("fed_by") or ())
    yield "fed by", prose(f"text from outside: {fed_by}" if fed_by else "", MARGIN)
    mode = (record.get("in_effect") or {}).get("permission_mode")
    yield "risk", prose(_EVERYTHING if mode == "bypassPermissions" else "", MARGIN)
    yield "sandbox", prose(_sandbox(record), MARGIN)
    yield "budget", prose(_over_budget(record), MARGIN)
    yield "worktree", prose("\n".join(_worktree(record, tree_gone)), MARGIN)
    yield "proof", prose("\n".join(_proof(record)), MARGIN)
    yield "protected", prose("\n".join(_protected(record)), MARGIN)
    yield "changed", prose(_changed(record), MARGIN)
    yield "tests", _tests(record)
    yield "denied", "\n".join(_denial(denial) for denial in record["permission_denials"])
    yield "usage", wrapped(_usage(record), MARGIN)
    yield "swept", wrapped(swept(record["swept"]), MARGIN)
    held = "\n".join(_held(effect) for effect in record["effects"] if effect.get("effect") == "hold")
    yield "held", wrapped(held, MARGIN)
    superseded = (one for one in record["effects"] if one.get("effect") == "supersede")
    closed = ", ".join(str(request) for effect in superseded for request in effect.get("requests") or ())
    yield "replaced", prose(f"request {closed}, which asked still (clodputer show)" if closed else "", MARGIN)
    again = " ".join(_again(effect) for effect in record["effects"] if effect.get("effect") == "retry")
    yield "next", prose(again, MARGIN)
    yield "result", shortened(_result(record["result"]), f"{folder}/record.json")
    yield "run", prose(f"{record['run_id']}, trigger: {record['trigger']}", MARGIN)
    yield "record", printable(f"{folder}/record.json")


def _sandbox(record: Mapping[str, Any]) -> str:
    """What the run was enclosed in, what it asked for in vain, and what it had made that was put aside."""
    kept = record.get("sandbox")
    if not isinstance(kept, Mapping) or kept.get("level") in (None, "off"):
        return ""
    network = f", network: {kept['network']}" if kept.get("network") else ""
    said = f"{kept['level']}, by {kept.get('by')}{network}."
    if kept.get("refused"):
        said += f" It was refused {', '.join(map(str, kept['refused'][:MOST_REFUSED]))}"
        said += " and others." if len(kept["refused"]) > MOST_REFUSED else "."
    if kept.get("put_aside"):
        said += f" It made files that it must not, renamed to end in .from-sandbox: {', '.join(map(str, kept['put_aside']))}."
    return said


def _over_budget(record: Mapping[str, Any]) -> str:
    over = record.get("over_budget")
    return f"It exceeded a budget, but was run because a person asked for it. {over}" if over else ""


def _worktree(record: Mapping[str, Any], tree_gone: bool) -> Iterator[str]:
    """What became of the run's worktree, and the commands for what it holds."""
    tree = record.get("worktree")
    if not isinstance(tree, Mapping):
        return
    yield from map(str, tree.get("notes") or ())
    path, branch = str(tree.get("path")), str(tree.get("branch"))
    if tree.get("state") == "removed":
        return
    if tree_gone:
        yield f"It was kept after the run, and is gone by now: {path}"
        return
    if not tree.get("undelivered"):
        yield f"It is kept ({tree.get('why') or tree.get('state')}): {path}, branch {branch}"
        return
    held = [
        counted(int(tree.get(key) or 0), word)
        for key, word in (("commits", "commit"), ("changes", "changed file"))
        if tree.get(key)
    ]
    yield f"Undelivered work in {path}: {' and '.join(held) or ' '.join(map(str, tree.get('problems') or ()))}"
    yield f"look: git -C {quote(path)} status; push: git -C {quote(path)} push origin {quote(branch)}"


def _result(result: Any) -> str:
    if isinstance(result, dict) and isinstance(result.get("result"), str):
        return str(result["result"])  # a program that ends as an agent does: the rest of it is in the figures
    if result is None or isinstance(result, str):
        return result or ""
    return dumps(result, indent=2)


def _usage(record: Mapping[str, Any]) -> str:
    turns, cost = record["num_turns"], record["cost_usd"]
    parts = [
        "" if turns is None else counted(turns, "turn"),
        dollars(cost),
        printable(str(record["model"] or "")),
    ]
    return ", ".join(part for part in parts if part)


def swept(processes: Iterable[Mapping[str, Any]]) -> str:
    """What the run had left behind and we killed, one line each."""
    return "\n".join(_process(process) for process in processes)


def _process(process: Mapping[str, Any]) -> str:
    end = (
        "left running, and no signal could end it"
        if process.get("alive")
        else "left running, ended afterwards"
    )
    return f"{one_line(str(process.get('command') or 'a process'), 60)} (pid {process.get('pid')}), {end}"


def _denial(denial: Mapping[str, Any]) -> str:
    return one_line(f"{denial.get('tool_name')}: {dumps(denial.get('tool_input', {}))}", LONGEST_LINE)


def _proof(record: Mapping[str, Any]) -> Iterable[str]:
    """What precheck and verify said, one line each, and what that proves."""
    looks = record.get("proof") or ()
    for one in looks:
        took = format_duration(float(one.get("duration_seconds") or 0.0))
        yield f"{_LOOKS.get(one.get('check'), one.get('check'))} ({took}): {one.get('message')}"
    if is_proven(looks):
        yield "proven: verify failed before the run, and succeeds after it."


def _changed(record: Mapping[str, Any]) -> str:
    """The files that it changed: the first few, how many there are, and which of them are to be read first."""
    files, total = record.get("files_changed") or [], record.get("files_changed_total") or 0
    shown = [one_line(str(file), LONGEST_LINE) for file in files[:MOST_FILES]]
    more = max(int(total), len(files)) - len(shown)
    lines = [*shown, f"and {counted(more, 'file')} more"] if shown and more > 0 else shown
    said = obeyed.sentence(obeyed.obeyed(one_line(str(file), LONGEST_LINE) for file in files))
    return "\n".join([*lines, said] if said else lines)


def _protected(record: Mapping[str, Any]) -> Iterable[str]:
    """What happened to each protected file that was touched; nothing when none was."""
    guarded = record.get("protected") or {}
    touched = guarded.get("touched") or []
    for one in touched[:MOST_FILES]:
        back = {True: ", put back", False: f", not put back: {one.get('problem')}"}.get(
            one.get("restored"), ""
        )
        yield one_line(f"{one.get('path')}: {one.get('what')}{back}", LONGEST_LINE)
    more = max(int(guarded.get("touched_total") or 0), len(touched)) - len(touched[:MOST_FILES])
    if more > 0:
        yield f"and {counted(more, 'file')} more"


def _tests(record: Mapping[str, Any]) -> str:
    tests = record.get("tests")
    return f"{tests['run']} run, {tests['passed']} passed, {tests['failed']} failed" if tests else ""


def _held(effect: Mapping[str, Any]) -> str:
    return f"{effect['scope']} {effect['name']}, {zone.until(_number(effect.get('until')))}"


def _again(effect: Mapping[str, Any]) -> str:
    return f"{effect.get('message') or ''} It waits {zone.until(_number(effect.get('at')))}."


def _number(value: Any) -> Optional[float]:
    """A moment in a record's effects: epoch seconds."""
    return float(value) if isinstance(value, (int, float)) else None
