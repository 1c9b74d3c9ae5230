"""The follow-ups that a run's end calls for, with their templates filled in, as effects in its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

from clodputer.model.decide import is_final
from clodputer.model.follow.keys import COMMAND, COMMAND_TIMEOUT, LOG, NOTHING, NOTIFY, RUN, most
from clodputer.model.follow.line import line_of, origin_of
from clodputer.model.follow.plan import (
    NO_CHANNEL,
    NOT_FILLED_IN,
    TOO_LARGE,
    TRIGGER,
    Cut,
    FollowUp,
    file_name,
    not_followed,
    plan,
    request_id,
)
from clodputer.model.notify.letter import follow_up_letters, to_json
from clodputer.model.outcome import SKIPPED, SUCCEEDED
from clodputer.model.record import masked
from clodputer.model.task import Task
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.context import Context
from clodputer.store.spool import drop, dropfile
from clodputer.store.taskfiles import limited, template_text

# In characters, of all texts of one follow-up: a request may have a megabyte, and JSON takes up to six bytes for a character.
LONGEST = 150_000
# Of an argument, in bytes: Linux takes no longer one.
LONGEST_ARGUMENT = 128 * 1024 - 1

# One follow-up, filled in, or why it cannot be: a list of two, as it comes from a child process.
Filled = Sequence[Any]


def with_follow_ups(context: Context, task: Task, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a run that has ended, with what follows added to its effects, before the one that ends the request.

    Nothing follows a run whose request goes on, nor one that a person has started without follow-ups. Raises OSError.
    """
    effects, origin = list(record["effects"]), record["origin"]
    if task.follow == NOTHING or not effects or not is_final(effects) or origin.get("follow_ups") is False:
        return dict(record)
    line = line_of(origin, str(record["request_id"]))
    planned = plan(task.follow, str(record["outcome"]), line, most(context.settings.follow_ups))
    values = _values(masked(record, context.masker))
    following = []
    for one, filled in zip(planned.goes, _filled(planned.goes, values)):
        following.append(_effect(context, task, record, one, filled))
    following += map(not_followed, planned.cut)
    return {**record, "effects": [*effects[:-1], *following, effects[-1]]}


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates may name; secrets are masked in it."""
    blameless = record["outcome"] in (SUCCEEDED, SKIPPED)
    result = record["result"]
    return {
        "env": {},
        "result": "" if result is None else result,
        "error": "" if blameless else record["message"] or record["reason"],
        "record": {name: value for name, value in record.items() if name != "effects"},
    }


def _filled(goes: Sequence[FollowUp], values: Mapping[str, Any]) -> list[Filled]:
    """Each of them filled in once: all in one child, or each in one of its own when that one fails."""
    items = [dict(one.item) for one in goes]
    if not any(map(_marked, items)):
        return [["", item] for item in items]
    try:
        found: list[Filled] = limited.call(_fill_all, items, values)
    except template_text.CannotRender:
        found = [_alone(item, values) for item in items]
    return found


def filled(value: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A mapping with the templates in its texts filled in, in a child with limits; or why that cannot be done."""
    problem, item = _alone(value, values) if _marked(value) else ("", value)
    return str(problem), dict(item)


def _alone(item: Mapping[str, Any], values: Mapping[str, Any]) -> Filled:
    try:
        (found,) = limited.call(_fill_all, [item], values)
    except template_text.CannotRender as error:
        return [str(error), {}]
    filled: Filled = found
    return filled


def _fill_all(items: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[Filled]:
    found: list[Filled] = []
    for item in items:
        try:
            found.append(["", {key: _fill(value, values) for key, value in item.items()}])
        except template_text.CannotRender as error:
            found.append([str(error), {}])
    return found


def _fill(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return template_text.render(value, values, LONGEST)
    if isinstance(value, dict):
        return {key: _fill(below, values) for key, below in value.items()}
    return [_fill(below, values) for below in value] if isinstance(value, (list, tuple)) else value


def _marked(value: Any) -> bool:
    if isinstance(value, str):
        return template_text.marked(value)
    if isinstance(value, Mapping):
        return any(map(_marked, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_marked, value))


def _effect(
    context: Context, task: Task, record: Mapping[str, Any], one: FollowUp, filled: Filled
) -> dict[str, Any]:
    problem, item = filled
    if problem:
        return not_followed(Cut(one, NOT_FILLED_IN, f"its template: {problem}"))
    # A secret that is in the task file itself is masked as well.
    item = context.masker.data(item)
    about = {"effect": one.form, "on": one.on, "place": one.place, "form": one.form, "target": one.target}
    made: Union[dict[str, Any], Cut]
    if one.form == RUN:
        made = _request(record, one, item)
    elif one.form == COMMAND:
        made = _command(one, item)
    elif one.form == NOTIFY:
        made = _message(context, task, record, one, item)
    else:
        made = {"message": " ".join(item[LOG].split())}
    return not_followed(made) if isinstance(made, Cut) else {**about, **made}


def _request(record: Mapping[str, Any], one: FollowUp, item: Mapping[str, Any]) -> Union[dict[str, Any], Cut]:
    run_id = str(record["run_id"])
    own = request_id(run_id, one.on, one.place)
    line = line_of(record["origin"], str(record["request_id"]))
    origin = {
        **origin_of(TRIGGER, line, str(record["task"]), run_id),
        "on": one.on,
        "place": one.place,
    }
    request: dict[str, Any] = {"id": own, "task": one.target, "origin": origin}
    if item.get("context"):
        request["context"] = item["context"]
    if item.get("dedupe_key"):
        request["dedupe_key"] = item["dedupe_key"]
    if item.get("delay"):
        request["not_before"] = _later(record["ended_at"], item["delay"])
    size = len(drop.written(request))
    if size > dropfile.LARGEST:
        return Cut(one, TOO_LARGE, f"its request would have {size:,} bytes, more than {dropfile.LARGEST:,}")
    return {"effect": "drop", "request_id": own, "name": file_name(one.target, own), "request": request}


def _later(moment: str, seconds: float) -> str:
    """A moment so many seconds after another one, both as a record writes them."""
    return iso(parse_moment(moment, 0.0) + seconds)


def _command(one: FollowUp, item: Mapping[str, Any]) -> Union[dict[str, Any], Cut]:
    argv = item[COMMAND]
    for argument in argv:
        if "\0" in argument:
            return Cut(one, NOT_FILLED_IN, "an argument holds a NUL character, which no program can be given")
        if len(argument.encode("utf-8", "replace")) > LONGEST_ARGUMENT:
            return Cut(
                one, TOO_LARGE, "an argument is longer than 128 KB; the program has the record on stdin"
            )
    return {"argv": list(argv), "timeout": item.get("timeout", COMMAND_TIMEOUT)}


def _message(
    context: Context, task: Task, record: Mapping[str, Any], one: FollowUp, item: Mapping[str, Any]
) -> Union[dict[str, Any], Cut]:
    known, own = context.settings.notify, task.notify.channels
    wanted = item.get("channels") or (own if own is not None else tuple(known))
    channels = [name for name in wanted if name in known]
    if not channels:
        named = f"no channel {' or '.join(wanted)}" if wanted else "no channel for it"
        return Cut(one, NO_CHANNEL, f"config.yaml has {named}")
    letters = follow_up_letters(record, f"{one.on} {one.place}", item[NOTIFY], channels)
    return {"message": item[NOTIFY], "letters": [to_json(letter) for letter in letters]}
