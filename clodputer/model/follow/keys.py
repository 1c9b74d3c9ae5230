"""The keys of what follows a run, and their values: lists of follow-ups, each of one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.config.keys import (
    ARGUMENTS,
    CHOICE,
    COUNT,
    DURATION,
    LISTED,
    MAPPING,
    NAME,
    NEVER,
    PART,
    STARTING,
    TEMPLATE,
    TEXTS,
    Key,
)
from clodputer.model.config.withunit import YEAR
from clodputer.model.runs.retry import RETRY

Item = Mapping[str, Any]

ON_SUCCESS, ON_FAILURE, ON_FINISH = "on_success", "on_failure", "on_finish"
LISTS = (ON_SUCCESS, ON_FAILURE, ON_FINISH)
# What an item of a list may be; exactly one of them is in it. A further form is a key below, a line here, and whoever
# performs it: an effect of that name.
RUN, COMMAND, LOG, NOTIFY = "run", "command", "log", "notify"
FORMS = (RUN, COMMAND, LOG, NOTIFY)
# The keys that may be beside a form.
BESIDE: Mapping[str, tuple[str, ...]] = {
    RUN: ("context", "delay", "dedupe_key"),
    COMMAND: ("timeout",),
    LOG: (),
    NOTIFY: ("channels",),
}
# The slot is kept while a command runs, so it may take a minute; what takes longer belongs into a task of its own. In seconds.
COMMAND_TIMEOUT, LONGEST_COMMAND = 60.0, 600.0

# How many follow-ups deep a request may be, and how many may follow one run, unless the settings say otherwise.
DEPTH, WIDTH = 4, 50


class Follow(NamedTuple):
    """What a task says of what follows its runs; each item as it is written, checked."""

    on_success: tuple[Item, ...] = ()
    on_failure: tuple[Item, ...] = ()
    on_finish: tuple[Item, ...] = ()
    after: tuple[Item, ...] = ()

    def listed(self, name: str) -> tuple[Item, ...]:
        """The items of one of the LISTS."""
        items: tuple[Item, ...] = getattr(self, name)
        return items


NOTHING = Follow()

# In the texts of these, templates are filled in when a run has ended.
FORM_KEYS = (
    Key(
        RUN,
        NAME,
        help="The task of which a request is dropped. It runs when its turn comes, like any other request.",
        env=NEVER,
        example="deploy",
    ),
    Key(
        "context",
        MAPPING,
        {},
        "Beside `run`: values for `{{ context.x }}` in the prompt of that task.",
        env=STARTING,
        example={"findings": "{{ result }}"},
    ),
    Key(
        "delay",
        DURATION,
        0.0,
        "Beside `run`: how long after the end of this run the request may run at the earliest.",
        0,
        YEAR,
        example="10m",
    ),
    Key(
        "dedupe_key",
        TEMPLATE,
        "",
        "Beside `run`: while a request with this key waits or runs, the follow-up is coalesced with it.",
        env=STARTING,
        example="deploy-{{ record.item }}",
    ),
    Key(
        COMMAND,
        ARGUMENTS,
        help="A program that is started without a shell, in the task's working directory and with its `env`, when the run has "
        "ended. On its standard input it gets the record of the run.",
        env=STARTING,
        example=["touch", "done"],
    ),
    Key(
        "timeout",
        DURATION,
        COMMAND_TIMEOUT,
        "Beside `command`: after how long it is stopped. The slot of the run is kept until then.",
        0.1,
        LONGEST_COMMAND,
        example="20s",
    ),
    Key(
        LOG, TEMPLATE, help="A line for the execution log.", env=STARTING, example="{{ record.task }} is done"
    ),
    Key(
        NOTIFY,
        TEMPLATE,
        help="A message to the channels of config.yaml; see [Telling someone](notify.md).",
        env=STARTING,
        example="{{ record.task }} found: {{ result }}",
    ),
    Key(
        "channels",
        TEXTS,
        None,
        "Beside `notify`: the channels that get it.",
        1,
        absent="those of the task's `notify`, else all",
        example=["phone"],
    ),
)


def _listed(name: str, help_text: str, form: tuple[Key, ...], example: Any) -> Key:
    return Key(
        name,
        LISTED,
        (),
        help_text,
        keys=form,
        takes="list of mappings",
        example=example,
    )


LIST_KEYS = (
    _listed(
        ON_SUCCESS,
        "What [follows](follow-ups.md) a run that succeeded.",
        FORM_KEYS,
        [{"run": "deploy", "context": {"findings": "{{ result }}"}}],
    ),
    _listed(
        ON_FAILURE,
        "What [follows](follow-ups.md) a run that failed for good, once no attempt is left. "
        "`- retry: {...}` is another way to write `retry`.",
        (RETRY, *FORM_KEYS),
        [{"retry": {"max_attempts": 3, "backoff": "exponential"}}],
    ),
    _listed(
        ON_FINISH,
        "What [follows](follow-ups.md) a run however it ended, once no attempt is left.",
        FORM_KEYS,
        [{"log": "{{ record.task }} ended as {{ record.outcome }}"}],
    ),
)
SUCCESS, FAILURE, ALWAYS, TODAY = "success", "failure", "always", "today"

PARENT_KEYS = (
    Key("task", NAME, help="The task that is waited for.", required=True, env=NEVER, example="backup"),
    Key(
        "when",
        CHOICE,
        SUCCESS,
        "How its run must have ended: `success` and `failure` as in `on_success` and `on_failure`, or `always`.",
        choices=(SUCCESS, FAILURE, ALWAYS),
        example=ALWAYS,
    ),
    Key(
        "max_age",
        DURATION,
        help="How long ago its run may have ended, when the last of the others ends.",
        smallest=1,
        largest=YEAR,
        absent="`1d`; no limit with `all_of`",
        example="2h",
    ),
    Key(
        "all_of",
        CHOICE,
        "",
        "`today`: only a run that ended today counts, in local time, and the join comes at most once a day.",
        choices=(TODAY,),
        absent="runs of any day",
        example=TODAY,
    ),
)

AFTER = Key(
    "after",
    LISTED,
    (),
    "The tasks after whose runs this one is run, once all of them have ended: [joins](follow-ups.md#joins).",
    keys=PARENT_KEYS,
    takes="list of mappings",
    example=[{"task": "backup"}, {"task": "tests", "when": "always"}],
)

KEYS = (*LIST_KEYS, AFTER)

# In config.yaml.
SETTING = Key(
    "follow_ups",
    PART,
    {},
    "How far tasks may set each other going.",
    keys=(
        Key(
            "depth",
            COUNT,
            DEPTH,
            "How many [follow-ups](follow-ups.md) deep a request may be. One that would be deeper is not dropped.",
            1,
            200,
            example=8,
        ),
        Key(
            "width",
            COUNT,
            WIDTH,
            "How many follow-ups one run may have. Those beyond are left out.",
            1,
            1000,
            example=10,
        ),
    ),
    absent="`depth: 4`, `width: 50`",
    example={"depth": 8},
)


class Most(NamedTuple):
    """How deep and how wide follow-ups may go."""

    depth: int = DEPTH
    width: int = WIDTH


def most(setting: Mapping[str, int]) -> Most:
    """What `follow_ups` in the settings says."""
    return Most(setting.get("depth", DEPTH), setting.get("width", WIDTH))
