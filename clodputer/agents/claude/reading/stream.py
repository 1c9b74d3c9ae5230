"""The stream of `claude`, folded line by line into what the verdict needs; memory stays bounded however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.agents.claude.reading.apierror import ApiError, of_reply, of_retry
from clodputer.agents.claude.reading.changes import is_wanted, operations, with_results
from clodputer.agents.claude.reading.denied import Refusal, brief, refusal
from clodputer.agents.claude.reading.in_effect import asked_mode, in_effect, weaker_than_asked
from clodputer.agents.claude.reading.repeats import Repeats, with_call
from clodputer.agents.claude.reading.tokens import CLASSES, Tokens, counted
from clodputer.agents.claude.reading.windows import in_stream, rejected_until
from clodputer.agents.lines import count, items, mapping, read, shortened, text
from clodputer.model.gates.usage import Share
from clodputer.model.proof.suspect import Done
from clodputer.model.run import Progress
from clodputer.model.task import Task

# Every event has this key; a line without it is not even looked at as JSON, so that noise costs little.
_TYPE = b'"type"'
MOST_TOOLS = 256
MOST_DENIALS = 50
LAST_WORDS = 300
# claude itself looks at max_cost_usd after each reply. Beyond this much of it, by the list, we stop the run ourselves.
OVERSHOOT = 1.1

# `prompt_submit_outcome` of 2.1.329.
HOOK_ON_PROMPT = {
    "blocked_by_hook": "A UserPromptSubmit hook blocked the prompt",
    "stopped_by_hook": "A UserPromptSubmit hook stopped the run",
}


class Tool(NamedTuple):
    """A tool call: its name, and its input with long texts cut."""

    name: str
    input: Mapping[str, Any]


class Notes(NamedTuple):
    """What the events have said so far.

    required: the MCP servers that the task cannot do without. asked_mode: the permission mode it was started with. forbidden:
    the tools that must not exist in it. in_effect: what claude says it works with. open_tools: calls without a result, by id.
    background: how many commands go on behind the turn. result: the last result event; final: nothing came after it. error: the
    API error that the assistant's last message was. retried: the error of the last retry. resets_at: epoch seconds, of the
    window of usage that was rejected. shares: how much of each window is used. cap: what the run may cost, in US dollars, if
    that is limited. refusals: why claude did not carry out a call, by its id. hook: what a hook said that stopped the prompt.
    repeats: how often it made the same call. most_operations: how many files it may write, if that is limited. done: what it
    changed, as far as is known. subscription: it reported the limits of one.
    """

    required: tuple[str, ...] = ()
    asked_mode: str = ""
    forbidden: tuple[str, ...] = ()
    in_effect: Mapping[str, Any] = {}
    session_id: str = ""
    model: str = ""
    version: str = ""
    mcp_servers: tuple[Mapping[str, Any], ...] = ()
    open_tools: Mapping[str, Tool] = {}
    background: int = 0
    result: Optional[Mapping[str, Any]] = None
    final: bool = False
    error: Optional[ApiError] = None
    retried: Optional[ApiError] = None
    resets_at: Optional[float] = None
    shares: Mapping[str, Share] = {}
    denials: Mapping[str, Mapping[str, Any]] = {}
    refusals: Mapping[str, Refusal] = {}
    hook: str = ""
    unreadable: int = 0
    last_words: str = ""
    tokens: Tokens = Tokens()
    repeats: Repeats = Repeats()
    most_operations: Optional[int] = None
    done: Done = Done()
    subscription: bool = False
    cap: Optional[float] = None


def begin(task: Task) -> Progress:
    """The progress before the first byte."""
    # A rule such as `Bash(rm:*)` leaves the tool itself in place.
    forbidden = tuple(name for name in task.claude.disallowed_tools if name.isidentifier())
    notes = Notes(
        required=task.claude.requires_mcp,
        asked_mode=asked_mode(task),
        forbidden=forbidden,
        cap=task.claude.max_cost_usd,
        repeats=Repeats(task.claude.repeat_limit),
        most_operations=task.claude.max_file_operations,
        done=Done(wanted=is_wanted(task)),
    )
    return Progress(notes=notes)


def observe(progress: Progress, lines: bytes) -> Progress:
    """The progress after one or more further lines of its stdout. Never raises."""
    if _TYPE not in lines:
        return _unreadable(progress, lines)
    for line in lines.split(b"\n"):
        progress = _heard(progress, line) if _TYPE in line else _unreadable(progress, line)
    return progress


def _unreadable(progress: Progress, lines: bytes) -> Progress:
    notes: Notes = progress.notes
    number = sum(not line.isspace() for line in lines.split(b"\n") if line)
    if not number:
        return progress
    # A tool's result that is torn or too long to be read still ends its call.
    torn = [call for call in notes.open_tools if call.encode() in lines]
    done = with_results(notes.done, notes.open_tools, ({"tool_use_id": call} for call in torn))
    notes = _without(notes, torn)._replace(unreadable=notes.unreadable + number, done=done)
    return progress._replace(busy=_busy(notes), notes=notes)


def _heard(progress: Progress, line: bytes) -> Progress:
    """The progress after a line that may be an event: some have been torn by others written in between."""
    notes: Notes = progress.notes
    try:
        event = read(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return _unreadable(progress, line)
    kind, final = event.get("type"), notes.final
    if kind == "system":
        notes = _system(notes, event)
        final = final and event.get("subtype") != "init"
    elif kind == "assistant":
        notes, final = _assistant(notes, event), False
    elif kind == "user":
        for meta in items(event.get("tool_result_meta")):
            call = text(mapping(meta).get("id"))
            notes = _with_refusal(notes, call, refusal(mapping(meta), event, notes.refusals.get(call)))
        notes = notes._replace(done=with_results(notes.done, notes.open_tools, _blocks(event)))
        notes = _without(notes, [text(block.get("tool_use_id")) for block in _blocks(event)])
    elif kind == "result":
        notes, final = _result(notes, event), True
    elif kind == "rate_limit_event":
        notes = _limit(notes, mapping(event.get("rate_limit_info")))._replace(subscription=True)
    notes = notes._replace(final=final)
    hopeless = "no_progress" if notes.repeats.too_many else progress.hopeless
    most = notes.most_operations
    if most is not None and operations(notes.done, notes.open_tools) > most:
        hopeless = "file_operations"
    # The first event comes when the servers have had their time to start, and before anything is spent.
    if event.get("subtype") == "init" and missing_servers(notes, notes.required, ("connected", "pending")):
        hopeless = "mcp"
    if event.get("subtype") == "init" and weaker_than_asked(
        notes.in_effect, notes.asked_mode, notes.forbidden
    ):
        hopeless = "permissions"
    if not final and notes.cap is not None and notes.tokens.cost > notes.cap * OVERSHOOT:
        hopeless = "max_cost"
    done = final and not notes.background
    return Progress(
        started=True,
        busy=_busy(notes),
        done=done,
        hopeless=hopeless,
        tokens=sum(notes.tokens.sums),
        shares=notes.shares,
        notes=notes,
    )


def missing_servers(notes: Notes, required: Iterable[str], fine: Sequence[str] = ("connected",)) -> list[str]:
    """The MCP servers that are required and in none of the fine states, each with its state."""
    states = {server.get("name"): server.get("status") for server in notes.mcp_servers}
    return [
        f"{name} ({states.get(name, 'not configured')})" for name in required if states.get(name) not in fine
    ]


def _busy(notes: Notes) -> bool:
    return bool(notes.open_tools or notes.background)


def _system(notes: Notes, event: Mapping[str, Any]) -> Notes:
    subtype = event.get("subtype")
    if subtype == "init":
        servers = tuple(_server(mapping(server)) for server in items(event.get("mcp_servers"))[:MOST_TOOLS])
        return notes._replace(
            session_id=text(event.get("session_id")) or notes.session_id,
            model=text(event.get("model")) or notes.model,
            version=text(event.get("claude_code_version")) or notes.version,
            mcp_servers=servers,
            in_effect=in_effect(event),
        )
    if subtype == "informational":
        submitted = mapping(event.get("prompt_submit_outcome"))
        if submitted.get("kind") in HOOK_ON_PROMPT:
            said = f"{HOOK_ON_PROMPT[submitted['kind']]}: {text(submitted.get('reason'))}"
            return notes._replace(hook=shortened(said, LAST_WORDS))
        return notes
    if subtype == "api_retry":
        return notes._replace(retried=of_retry(event))
    if subtype == "background_tasks_changed":
        return notes._replace(background=len(items(event.get("tasks"))))
    if subtype == "permission_denied":
        # Said here even where the result's own list misses it (claude-code issue 82747).
        call = text(event.get("tool_use_id"))
        kind, words = text(event.get("decision_reason_type")), text(event.get("decision_reason"))
        notes = _with_refusal(notes, call, Refusal(kind, shortened(words, LAST_WORDS)))
        tool = notes.open_tools.get(call, Tool(text(event.get("tool_name")), {}))
        return _denied(
            notes, call, {"tool_name": tool.name, "tool_use_id": call, "tool_input": dict(tool.input)}
        )
    return notes


def _server(server: Mapping[str, Any]) -> dict[str, str]:
    return {"name": text(server.get("name")), "status": text(server.get("status"))}


def _assistant(notes: Notes, event: Mapping[str, Any]) -> Notes:
    message = mapping(event.get("message"))
    tokens = counted(
        notes.tokens, text(message.get("id")), text(message.get("model")), mapping(message.get("usage"))
    )
    notes = notes._replace(tokens=tokens)
    tools, words, repeats = dict(notes.open_tools), notes.last_words, notes.repeats
    for block in _blocks(event):
        if block.get("type") == "tool_use" and len(tools) < MOST_TOOLS:
            name = text(block.get("name"))
            tools[text(block.get("id"))] = Tool(name, brief(mapping(block.get("input"))))
            repeats = with_call(repeats, name, mapping(block.get("input")))
        elif block.get("type") == "text":
            words = shortened(text(block.get("text")), LAST_WORDS) or words
    notes = notes._replace(open_tools=tools, last_words=words, repeats=repeats)
    if event.get("parent_tool_use_id"):
        return notes  # a subagent: its model and its errors are not the run's
    if event.get("is_api_error_message") is True or event.get("error"):
        notes = _limit(notes, mapping(mapping(event.get("api_error_params")).get("rate_limit_info")))
        return notes._replace(error=of_reply(event))
    model = text(message.get("model")) or notes.model
    if model == "<synthetic>":
        return notes  # claude's own words, mostly about an error
    return notes._replace(error=None, retried=None, model=model)


def _result(notes: Notes, event: Mapping[str, Any]) -> Notes:
    for denial in items(event.get("permission_denials")):
        said = mapping(denial)
        call = text(said.get("tool_use_id"))
        given = brief(mapping(said.get("tool_input")))
        kept = {"tool_name": text(said.get("tool_name")), "tool_use_id": call, "tool_input": given}
        notes = _denied(notes, call, kept)
    slim = {
        key: value
        for key, value in event.items()
        if key not in ("permission_denials", "usage", "subagent_stats")
    }
    slim["usage"] = {name: count(mapping(event.get("usage")).get(name)) or 0 for name in CLASSES}
    return notes._replace(
        result=slim, open_tools={}, session_id=text(event.get("session_id")) or notes.session_id
    )


def _with_refusal(notes: Notes, call: str, refusal: Optional[Refusal]) -> Notes:
    if refusal is None or (len(notes.refusals) >= MOST_DENIALS and call not in notes.refusals):
        return notes
    return notes._replace(refusals={**notes.refusals, call: refusal})


def _denied(notes: Notes, call: str, denial: Mapping[str, Any]) -> Notes:
    if call not in notes.denials and len(notes.denials) >= MOST_DENIALS:
        return notes
    return notes._replace(denials={**notes.denials, call: denial})


def _limit(notes: Notes, info: Mapping[str, Any]) -> Notes:
    """Note when a rejected usage window resets, and how much of each is used."""
    latest, shares = rejected_until(info), in_stream(info)
    if shares:
        notes = notes._replace(shares={**notes.shares, **shares})
    return notes._replace(resets_at=latest) if latest else notes


def _without(notes: Notes, calls: list[str]) -> Notes:
    if not any(call in notes.open_tools for call in calls):
        return notes
    return notes._replace(
        open_tools={call: tool for call, tool in notes.open_tools.items() if call not in calls}
    )


def _blocks(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [block for block in items(mapping(event.get("message")).get("content")) if isinstance(block, dict)]
