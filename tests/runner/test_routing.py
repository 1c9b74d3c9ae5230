"""Events taken in: one request for each route that matches, once; what leads to none is kept and counted."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request, from_fields
from clodputer.runner.events.again import again
from clodputer.runner.intake.drops import Taken, intake
from clodputer.runner.prompt import texts
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.triggers import unrouted
from clodputer.views.doctor.outside import routes as doctor_routes
from tests.doctoring import facts
from tests.runner.prompting import NONCE, unfenced
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    records,
    task_of,
)

ROUTES = """\
routes:
- {from: ci, type: build.failed, to: repair, with: {branch: "on {{ event.payload.branch }}", deep: ["{{ event.type }}"]}}
- {from: ci, type: build.failed, to: tell, dedupe: 1h, max_per_day: 2}
- {from: ci, type: nobody, to: gone}
- {from: ci, type: odd, to: tell, with: {x: "{{ event.payload.missing.y }}"}}
"""
FAILED = {"from": "ci", "type": "build.failed", "payload": {"branch": "main"}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two tasks and routes to them."""
    made = make_home(tmp_path)
    command_task(made, "repair", "/bin/true")
    command_task(made, "tell", "/bin/true")
    Path(made.config).write_text(ROUTES)
    return made


@pytest.fixture
def context(home: Home) -> Context:
    """Its surroundings."""
    return look(environment(home))


def event(home: Home, name: str = "a", **fields: Any) -> None:
    """An event dropped."""
    drop(home, f"{name}.event.json", json.dumps({**FAILED, **fields}))


def taken(context: Context, now: float = 0.0) -> list[Taken]:
    """All that lies in `new/`, and what comes of it, taken in."""
    found = []
    while os.listdir(context.home.new):
        found.append(intake(context, now or time.time()))
    return found


def requests(home: Home) -> dict[str, list[dict[str, Any]]]:
    """The fields of what is queued, by task."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(Path(home.lanes).glob("*/queue/*/*")):
        fields = json.loads(path.read_text())
        found.setdefault(fields["task"], []).append(fields)
    return found


def kept(home: Home) -> list[str]:
    """The codes of the events that were kept."""
    return [aside.read(home.unrouted, name).code for name in aside.names(home.unrouted)]


def test_fan_out(home: Home, context: Context) -> None:
    """One event, two tasks; each has the event, its own `with`, and the line that it comes from."""
    event(home, id="feed", item="build 7")
    found = taken(context)
    assert [(one.routed, one.queued) for one in found] == [(1, 0), (0, 2)]
    assert kept(home) == []
    (repair,), (tell,) = requests(home)["repair"], requests(home)["tell"]
    assert repair["context"]["branch"] == "on main"
    assert repair["context"]["deep"] == ["build.failed"]
    brought = {"id": "feed", **FAILED, "item": "build 7"}
    assert repair["context"]["event"] == tell["context"]["event"] == brought
    assert (repair["item"], repair["origin"]["trace_id"]) == ("build 7", "feed")
    assert repair["origin"]["event"] == {"id": "feed", "from": "ci", "type": "build.failed"}
    assert {line["follower"] for line in events(home, "routed")} == {repair["id"], tell["id"]}
    assert [line["target"] for line in events(home, "routed")] == ["repair", "tell"]


def test_one_id_is_one_event(home: Home, context: Context) -> None:
    """A sender that gives ids may deliver twice, also when the first requests have long run."""
    for name in ("a", "b"):
        event(home, name, id="delivery-1")
        taken(context)
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 1, "tell": 1}


def test_an_event_that_comes_again_after_its_requests_have_run(home: Home, context: Context) -> None:
    """Is told as one that came before, whatever became of them, and is not kept."""
    for name in ("a", "b"):
        event(home, name, id="delivery-1")
        execute(home)
    assert [len(records(home, task)) for task in ("repair", "tell")] == [1, 1]
    assert [line["reason"] for line in events(home, "not_routed")] == ["repeated"] * 2
    assert kept(home) == []


def test_refused_routes_count_for_nothing_in_the_width(home: Home) -> None:
    """The most requests of an event are those that it makes."""
    Path(home.config).write_text(ROUTES + "follow_ups: {width: 1}\n")
    context = look(environment(home))
    event(home, "a", dedupe_key="x")
    taken(context)
    assert [line["reason"] for line in events(home, "not_routed")] == ["too_many"]
    # The first route refuses it now; the second has room.
    event(home, "b", dedupe_key="x")
    taken(context)
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 1, "tell": 1}


def test_window_and_daily_cap(home: Home, context: Context) -> None:
    """Each route for itself; what is over the cap is kept with its reason, a duplicate is not."""
    now = time.time()
    for number, key in enumerate(("x", "x", "y", "z")):
        event(home, f"e{number}", dedupe_key=key)
        taken(context, now + number)
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 3, "tell": 2}
    assert [line["reason"] for line in events(home, "not_routed")] == ["duplicate", "duplicate", "daily_cap"]
    assert kept(home) == ["daily_cap"]
    event(home, "later", dedupe_key="x")
    taken(context, now + 90_000)
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 4, "tell": 3}


def test_what_nobody_wants_is_kept_and_bounded(home: Home, context: Context) -> None:
    for number in range(5):
        event(home, f"e{number}", type="other")
    taken(context)
    assert kept(home) == ["no_route"] * 5
    assert len(events(home, "unmatched")) == 5
    unrouted.sweep(home, time.time(), 3)
    assert kept(home) == ["no_route"] * 3
    unrouted.sweep(home, time.time() + unrouted.KEPT_FOR + 60)
    assert os.listdir(home.unrouted) == []
    assert unrouted.removed(home, time.time()).number == 2
    assert unrouted.removed(home, time.time() + unrouted.KEPT_FOR + 60).number == 0


def test_what_is_kept_has_a_bound_in_bytes(home: Home, context: Context) -> None:
    """The oldest go first, and whoever looks is told that they went."""
    most = unrouted.MOST_BYTES // 900_000
    for number in range(most + 3):
        event(home, f"e{number:03}", type="other", payload={"x": "y" * 900_000})
        taken(context)
    names = aside.names(home.unrouted)
    assert (len(names), names[-1], names[0]) == (most, "e003.event.json", f"e{most + 2:03}.event.json")
    told = "; the 3 oldest that were kept made room for later ones"
    assert any(told in found.message for found in doctor_routes.routes(facts(home)))
    assert told in " ".join(clodputer(home, "status")[0].split())
    assert json.loads(clodputer(home, "route", "events", "--json")[0])["data"]["removed"] == 3


def test_an_event_goes_again(home: Home, context: Context) -> None:
    """For a route that was added since; the one that took it before makes no second request."""
    for number in range(3):
        event(home, f"e{number}")
    taken(context)
    assert kept(home) == ["daily_cap"]
    (name,) = aside.names(home.unrouted)
    Path(home.config).write_text(ROUTES.replace("max_per_day: 2", "max_per_day: 9"))
    assert again(look(environment(home)), name) == "e2.event.json"
    taken(look(environment(home)))
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 3, "tell": 3}
    assert os.listdir(home.unrouted) == []
    with pytest.raises(ClodputerError, match="is kept"):
        again(context, name)


def test_routes_that_cannot_work(home: Home, context: Context) -> None:
    """A task that is not there: its request is rejected as any other; a template that cannot be filled in: kept."""
    event(home, "a", type="nobody")
    event(home, "b", type="odd")
    taken(context)
    assert [line["reason"] for line in events(home, "rejected")] == ["task_unknown"]
    assert kept(home) == ["not_filled_in"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "no from given"),
        ('{"from": "ci", "type": "x", "payload": {"a": NaN}}', "payload: "),
        ('{"task": "repair"}', "unknown field 'task'"),
    ],
)
def test_what_is_no_event_is_rejected(home: Home, context: Context, text: str, message: str) -> None:
    drop(home, "a.event.json", text)
    assert intake(context, time.time()).rejected == 1
    found = aside.read(home.rejected, "a.event.json")
    assert (found.code, message in found.message, "Drop NAME.event.json" in found.message) == (
        "invalid_event",
        True,
        True,
    )
    assert everything(home)["rejected"][0] == "a.event.json"


def test_the_trace_begins_with_the_event(home: Home, context: Context) -> None:
    """With all that its routes made of it, also what was rejected."""
    command_task(home, "tell", "/bin/true", more="enabled: false\n")
    event(home, id="feed")
    execute(home)
    (run,) = records(home, "repair")
    shown = json.loads(clodputer(home, "show", run["run_id"], "--trace", "--json")[0])["data"]
    (root,) = shown["roots"]
    assert (root["task"], root["state"], root["request_id"]) == ("build.failed from ci", "event", "feed")
    children = [(child["task"], child["state"], child["on"]) for child in root["children"]]
    assert children == [("repair", "succeeded", ""), ("tell", "rejected", "event build.failed")]


def test_too_deep(home: Home, context: Context) -> None:
    """An event of a run that is four follow-ups deep leads to none that is deeper."""
    line = {"trigger": "event", "task": "ci", "parent": "20260101T000000Z-abcd", "trace_id": "abcd"}
    # What else an origin can say, such as that a run is to be replaced, is not the event's to say.
    event(home, "a", origin={**line, "depth": 4, "overlap": "replace", "follow_ups": False})
    taken(context)
    origins = [found[0]["origin"] for found in requests(home).values()]
    assert [{key: origin[key] for key in origin if key != "event"} for origin in origins] == [
        {**line, "depth": 4}
    ] * 2
    event(home, "b", origin={**line, "depth": 5})
    taken(context)
    assert {task: len(found) for task, found in requests(home).items()} == {"repair": 1, "tell": 1}
    assert kept(home) == ["too_deep"]


def test_a_prompt_names_the_event() -> None:
    """`event.from` too, though `from` is a word of the templates; a request without an event says what is missing."""
    text = "{{ event.from }} {{ event.type }} {{ event.payload.branch }}"
    task = task_of("a", prompt=text)
    fields = {"task": "a", "context": {"event": {**FAILED, "id": "feed", "item": ""}}}
    request = from_fields(fields, request_id="abcd", created_at=0.0, origin={})
    shown = unfenced(texts.render(task, request, None, {}, {}, nonce=NONCE))
    assert all(word in shown for word in ("ci", "build.failed", "main"))
    with pytest.raises(Exception, match="event is not set\nA route brings it"):
        unfenced(texts.render(task, Request("abcd", "a", 0.0), None, {}, {}, nonce=NONCE))


def test_a_task_names_the_routes_that_lead_to_it(home: Home, context: Context) -> None:
    """`why` with what each has made today, `list` beside its triggers."""
    event(home)
    taken(context)
    found = json.loads(clodputer(home, "why", "tell", "--json")[0])["data"]
    assert found["routes"] == [
        {"from": "ci", "type": "build.failed", "today": 1},
        {"from": "ci", "type": "odd", "today": 0},
    ]
    text = " ".join(clodputer(home, "why", "tell")[0].split())
    assert (
        "event runs when ci reports build.failed (routes in config.yaml); 1 request of it in 24 hours" in text
    )
    listed = {one["name"]: one for one in json.loads(clodputer(home, "list", "--json")[0])["data"]["tasks"]}
    assert [one["type"] for one in listed["repair"]["routes"]] == ["build.failed"]
    assert "event build.failed from ci" in " ".join(clodputer(home, "list")[0].split())
    execute(home)
    assert "repair waits for events that are routed to it" in clodputer(home, "why", "repair")[0]
