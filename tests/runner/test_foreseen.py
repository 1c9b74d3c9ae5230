"""What `route test` says of an event is what an intake of the same file then does, whatever the routes and what came before."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.model.triggers.route import SERVED
from clodputer.runner.events import take
from clodputer.runner.intake.drops import intake
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool import aside, dropfile
from clodputer.views.incoming import routing
from tests.examples import examples
from tests.workshop import command_task, environment, events, make_home, write_task

DEEP = json.loads("[" * 197 + "]" * 197)
# Stands for so many letters: hypothesis shows what it tries.
LARGE, LETTERS = "<large>", 999_000

# Tasks that take requests, in two lanes, one that is disabled, one whose file is broken, one that is not there, and the
# built-in one, which takes no context of ours.
TARGETS = ("here", "there", "off", "broken", "gone", "ask")
GIVEN: tuple[dict[str, Any], ...] = (
    {},
    {"a": "on {{ event.payload.a }}"},
    {"a": "{{ event.payload.a.b }}", "n": [1, "{{ event.type }}"]},
    {"bulk": "y" * 60_000},
)

ROUTES = st.lists(
    st.fixed_dictionaries(
        {
            "from": st.sampled_from(("ci", "bot")),
            "type": st.sampled_from(("x", "y")),
            "to": st.sampled_from(TARGETS),
        },
        optional={
            "with": st.sampled_from(GIVEN),
            "dedupe": st.sampled_from(("0s", "60s", "25h")),
            "max_per_day": st.integers(1, 3),
        },
    ),
    max_size=6,
    unique_by=lambda one: json.dumps([one["from"], one["type"], one["to"], one.get("with", {})]),
)
EVENTS = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {"from": st.sampled_from(("ci", "bot")), "type": st.sampled_from(("x", "y"))},
            optional={
                "payload": st.sampled_from(
                    (
                        {},
                        {"a": "main"},
                        {"a": {"b": 1}},
                        {"a": DEEP},
                        {"a": LARGE},
                        "no mapping",
                        {"a": "\ud800"},
                    )
                ),
                "dedupe_key": st.sampled_from(("k", "l")),
                "id": st.sampled_from(("feed", "beef")),
                "item": st.sampled_from(("issue 4", "", "a\nb")),
                "origin": st.sampled_from(
                    ({"depth": 4, "trace_id": "abcd", "parent": "r"}, {"depth": 5, "parent": "r"})
                ),
                "odd": st.just(1),
            },
        ),
        st.sampled_from((0.0, 1.0, 61.0, 86_401.0, -3_600.0)),
    ),
    min_size=1,
    max_size=6,
)


def prepared(routes: list[dict[str, Any]], width: int) -> Context:
    """A home with these routes and the tasks that they lead to."""
    home = make_home(Path(tempfile.mkdtemp()))
    command_task(home, "here", "/bin/true")
    command_task(home, "there", "/bin/true", more="lane: other\n")
    command_task(home, "off", "/bin/true", more="enabled: false\n")
    write_task(home, "broken", "agent: command\n")
    Path(home.config).write_text(json.dumps({"routes": routes, "follow_ups": {"width": width, "depth": 4}}))
    return look(environment(home))


def foreseen(context: Context, path: Path, now: float) -> Counter[tuple[str, str]]:
    """What `route test` says of the file: a line for each thing that is to be expected of an intake."""
    try:
        trial = routing.trial(context, take.read(dropfile.read(str(path), path.name), path.name), now)
    except dropfile.Unreadable:
        return Counter([("rejected", "unreadable")])
    except ClodputerError as error:
        return Counter([("rejected", error.code)])
    lines = []
    for one in trial.fates:
        to, fate = one.fate.route.to, one.fate
        if fate.code:
            lines.append((f"not_routed {to}", fate.code))
        else:
            lines.append((f"routed {to}", fate.request_id))
            lines.append(("rejected", one.rejected.code) if one.rejected else ("queued", fate.request_id))
    lost = [one.fate.code for one in trial.fates if one.fate.code and one.fate.code not in SERVED]
    if lost or not trial.fates:
        lines.append(("kept", lost[0] if lost else take.UNMATCHED))
    return Counter(lines)


def happened(home: Home, before: int, kept: set[str]) -> Counter[tuple[str, str]]:
    """What the log says since it had so many lines, and which events are kept that were not."""
    lines = []
    for line in events(home)[before:]:
        if line["event"] == "not_routed":
            lines.append((f"not_routed {line['target']}", line["reason"]))
        elif line["event"] == "routed":
            lines.append((f"routed {line['target']}", line["follower"]))
        elif line["event"] == "rejected":
            lines.append(("rejected", line["reason"]))
        elif line["event"] != "unmatched":
            lines.append((line["event"], line["request_id"]))
    new = set(aside.names(home.unrouted)) - kept
    return Counter([*lines, *(("kept", aside.read(home.unrouted, name).code) for name in new)])


@settings(max_examples=examples(25))
@given(routes=ROUTES, came=EVENTS, width=st.integers(1, 4))
def test_what_is_foreseen_happens(
    routes: list[dict[str, Any]], came: list[tuple[dict[str, Any], float]], width: int
) -> None:
    # From the real moment on, and not so far that what is kept is too old: files have the times of the real clock.
    context, now = prepared(routes, width), time.time()
    home = context.home
    for number, (fields, later) in enumerate(came):
        now += later
        beside = Path(home.tmp, f"e{number}.event.json")
        beside.write_text(json.dumps(fields).replace(LARGE, "x" * LETTERS))
        told, before, kept = (
            foreseen(context, beside, now),
            len(events(home)),
            set(aside.names(home.unrouted)),
        )
        beside.rename(Path(home.new, beside.name))
        while os.listdir(home.new):
            assert not intake(context, now).unfinished
        assert happened(home, before, kept) == told
