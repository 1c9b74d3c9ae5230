"""Effects: each may be performed again and again, and killed at every step, and then is performed once more."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from clodputer import effects
from clodputer.effects.drop import put_down
from clodputer.effects.settling import Settling
from clodputer.model.gates.autodisable import Disabled
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.notify.letter import follow_up_letters
from clodputer.model.notify.letter import to_json as to_fields
from clodputer.model.publish.parcel import Parcel, Step
from clodputer.model.publish.parcel import to_json as parcel_to_json
from clodputer.model.request import Place
from clodputer.model.runs.attempts import Attempts, past, to_json
from clodputer.runner.settle import settle
from clodputer.store import holds
from clodputer.store.context import look
from clodputer.store.outgoing import parcels
from clodputer.store.records import runs
from clodputer.store.spool import aside, queue, slot
from clodputer.store.spool.requests import waits
from clodputer.store.spool.requests.waits import Waiting
from clodputer.store.spool.slot import Slot
from clodputer.store.taskstate import disabled, resets
from tests.killing import killed_at
from tests.workshop import environment, make_home, write_secrets

PLACE = Place(1_800_000_000_000_000, 3, "abcd1234", "one.json")
RUN = "20270115T080000.000Z-abcd1234"
HOLD = {
    "effect": "hold",
    "scope": "task",
    "name": "work",
    "reason": "usage_limit",
    "message": "",
    "since": 1e9,
    "until": 4e9,
}

RETRY = {
    "effect": "retry",
    "code": "retry",
    "message": "Attempt 2 of 5; the one before ended as offline.",
    "since": 1_800_000_000.0,
    "at": 1_800_000_060.0,
    "until": 1_800_000_060.0,
    "attempts": to_json(
        Attempts(2, (past(RUN, 1, "failed", "offline", "No network.", "2027-01-15T08:00:00Z"),))
    ),
}

EFFECTS: dict[str, dict[str, Any]] = {
    "finish": {"effect": "finish"},
    "put_back": {"effect": "put_back"},
    "bury": {"effect": "bury", "code": "exec_died"},
    "disable": {"effect": "disable", "at": 1_800_000_000.0, "failures": 3, "reason": "timeout"},
    "hold": HOLD,
    "retry": RETRY,
    "park": {
        "effect": "park",
        "code": "exit_status",
        "item": "issue 42",
        "message": "3 runs failed.",
        "attempts": [],
    },
    "drop": {
        "effect": "drop",
        "on": "on_success",
        "place": 0,
        "form": "run",
        "target": "deploy",
        "request_id": "0a1b2c3d",
        "name": "deploy@follow_up-0a1b2c3d.json",
        "request": {"id": "0a1b2c3d", "task": "deploy"},
    },
    "event": {
        "effect": "event",
        "on": "events",
        "place": 0,
        "target": "found",
        "name": "work@event-0a1b2c3d.event.json",
        "event": {"id": "0a1b2c3d", "from": "work", "type": "found"},
    },
    "log": {"effect": "log", "on": "on_finish", "place": 0, "message": "work is done"},
    "not_followed": {
        "effect": "not_followed",
        "on": "on_success",
        "place": 1,
        "form": "run",
        "target": "deploy",
        "code": "too_deep",
        "message": "it would be more than 4 follow-ups deep",
    },
}
EFFECTS["memory"] = {"effect": "memory", "base": 0, "text": "seen", "rights": {"agent": "command"}}
EFFECTS["notify"] = {
    "effect": "notify",
    "on": "on_success",
    "place": 0,
    "form": "notify",
    "target": "",
    "message": "done",
    "letters": [
        to_fields(letter)
        for letter in follow_up_letters(
            {"run_id": RUN, "ended_at": "2027-01-15T08:00:01Z", "task": "work", "outcome": "succeeded"},
            "on_success 0",
            "done",
            ("phone", "desk"),
        )
    ],
}
PARCEL = Parcel("0a1b2c3d", "work", RUN, "", "o/r", 1.0, 1.0, (Step("comment", (0,), {"issue": 1}),))
EFFECTS["publish"] = {
    "effect": "publish",
    "name": parcels.name_of(PARCEL),
    "staged": False,
    "parcel": parcel_to_json(PARCEL),
}
EFFECTS["state"] = {"effect": "state", "base": 0, "updates": {"seen": 3}}
EFFECTS["supersede"] = {"effect": "supersede", "requests": ["older123"], "message": "There is a newer one."}
# After these the request is still in the slot.
STAYS = (
    "supersede",
    "memory",
    "state",
    "hold",
    "disable",
    "drop",
    "event",
    "log",
    "not_followed",
    "notify",
    "publish",
)


def record(*following: dict[str, Any]) -> dict[str, Any]:
    """A record with these effects."""
    told = dict.fromkeys(("outcome", "reason", "message", "agent"), "x")
    return {
        **told,
        "task": "work",
        "request_id": "abcd1234",
        "run_id": RUN,
        "duration_seconds": 1.0,
        "cost_usd": None,
        "swept": [],
        "effects": list(following),
    }


def settling(folder: Path, effect: dict[str, Any]) -> Settling:
    """A home with a request in its slot, marked with its run."""
    home = make_home(folder)
    write_secrets(home, "TOKEN=very-secret-word\n")
    context = look(environment(home))
    os.makedirs(runs.folder(home, "work", RUN))
    Path(slot.path(home, Slot("default", 0), PLACE)).write_text(
        '{"task": "work", "body": "very-secret-word"}'
    )
    slot.mark(home, Slot("default", 0), "work", RUN)
    if effect.get("effect") == "supersede":
        older = Place(1_700_000_000_000_000, 3, "older123", "older.json")
        text = '{"task": "work", "item": "o/r#1", "created_at": "2026-11-29T12:00:00Z"}'
        Path(queue.delayed_path(home, "default", older)).write_text(text)
        waits.write(home, "default", "older123", Waiting(APPROVAL, "It asks.", 1.7e9, None, 0))
    one = Settling(context, Slot("default", 0), PLACE, record(effect))
    put_down(one)
    return one


def state(one: Settling) -> dict[str, str]:
    """All files of the spool, the runs, the holds and what says that tasks are disabled, with their content."""
    home = one.context.home
    folders = (home.outbox, home.spool, home.runs, home.holds, f"{home.ledger}/disabled", home.state)
    paths = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    return {str(path): path.read_text() for path in sorted(paths) if path.name != ".lock"}


def test_every_module_is_an_effect() -> None:
    """Each effect is found by its name; beside them there are what they share."""
    names = {module.name for module in iter_modules(effects.__path__)}
    assert names - set(effects.EFFECTS) == {"close", "settling"}
    assert set(EFFECTS) == set(effects.EFFECTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_repetition_changes_nothing(tmp_path: Path, name: str) -> None:
    """Performed twice, the home is as after the first time."""
    one = settling(tmp_path, EFFECTS[name])
    effects.perform(one, EFFECTS[name])
    after = state(one)
    effects.perform(one, EFFECTS[name])
    assert state(one) == after
    assert os.path.exists(one.in_slot) is (name in STAYS)
    assert not any("very-secret-word" in text for path, text in after.items() if path.startswith(one.folder))


@pytest.mark.parametrize("name", EFFECTS)
def test_killed_at_every_step(tmp_path: Path, name: str) -> None:
    """However far it came, the next attempt leads to where it would have led unharmed."""

    def whole(folder: Path, perform: Callable[[Settling], None]) -> list[str]:
        folder.mkdir()
        one = settling(folder, EFFECTS[name])
        perform(one)
        effects.perform(one, EFFECTS[name])
        kept = [path for path in state(one) if "/." not in path and not path.endswith(".masked")]
        return [os.path.relpath(path, folder) for path in kept]

    expected = whole(tmp_path / "unharmed", lambda one: effects.perform(one, EFFECTS[name]))
    for step in range(1, 100):
        killed: list[bool] = []

        def perform(one: Settling, step: int = step, killed: list[bool] = killed) -> None:
            killed.append(killed_at(step, lambda: effects.perform(one, EFFECTS[name])))

        found = whole(tmp_path / str(step), perform)
        if name in ("bury", "park", "supersede"):
            # A reason without the file it belongs to may be left: it is written first.
            found = [path for path in found if not path.endswith((".reason.txt", ".reason.json"))]
            kept = [path for path in expected if not path.endswith((".reason.txt", ".reason.json"))]
            assert [os.path.dirname(path) for path in found] == [os.path.dirname(path) for path in kept], step
        else:
            assert found == expected, step
        if not killed[0]:
            return
    pytest.fail("it has no end")


@pytest.mark.parametrize("name", ["put_back", "retry"])
def test_why_it_was_cancelled(tmp_path: Path, name: str) -> None:
    """Whoever asked for that meanwhile, and not always a person."""
    one = settling(tmp_path, EFFECTS[name])
    home = one.context.home
    slot.ask_cancel(home, Slot("default", 0), PLACE.id, "the terminal was closed")
    effects.perform(one, EFFECTS[name])
    (kept,) = aside.names(home.closed)
    assert (
        aside.read(home.closed, kept).message == "Cancelled before it ran, because the terminal was closed."
    )


def test_what_a_person_has_enabled_since_is_not_disabled_again(tmp_path: Path) -> None:
    """The settling of a run from before is repeated after a crash; nor does it take the word of another run."""
    effect = EFFECTS["disable"]
    one = settling(tmp_path, effect)
    home = one.context.home
    resets.reset(home, "work", effect["at"] + 1)
    effects.perform(one, effect)
    assert not disabled.is_disabled(home, "work")
    other = Disabled(5.0, 9, "empty", "another-run")
    disabled.write(home, "work", other)
    effects.perform(one, {**effect, "at": effect["at"] + 2})
    assert disabled.read(home, "work") == other
    Path(home.ledger, "disabled", "work.json").write_text("{")
    assert disabled.read(home, "work") is not None, "what cannot be read disables all the same"
    effects.perform(one, {**effect, "at": None})


@pytest.mark.parametrize("name", ["finish", "put_back", "retry"])
def test_a_folder_that_was_removed_is_made_anew(tmp_path: Path, name: str) -> None:
    """Somebody removed all runs, or the lane's queue, meanwhile: the request leaves the slot all the same."""
    one = settling(tmp_path, EFFECTS[name])
    home = one.context.home
    for folder in (
        f"{home.runs}/work/{RUN}",
        f"{home.runs}/work",
        home.runs,
        f"{home.lanes}/default/queue/3",
        f"{home.lanes}/default/delayed",
    ):
        os.rmdir(folder)
    settle(one.context, Slot("default", 0), PLACE, one.record, 1e9)
    assert slot.content(home, Slot("default", 0)) == (None, "", "", False)
    assert runs.record(home, "work", RUN) is not None


@pytest.mark.parametrize("following", [(), ({"effect": "unheard-of"},), ({},), (HOLD,)])
def test_a_record_that_leaves_the_request_nowhere(
    tmp_path: Path, following: tuple[dict[str, Any], ...]
) -> None:
    """Somebody has edited it: the request goes to dead/, and the slot is free."""
    one = settling(tmp_path, {})
    settle(one.context, Slot("default", 0), PLACE, record(*following), 1e9)
    home = one.context.home
    assert slot.content(home, Slot("default", 0)) == (None, "", "", False)
    assert any(name.startswith("abcd1234.one.json") for name in os.listdir(home.dead))
    assert bool(holds.in_effect(home, 2e9)) is (following == (HOLD,))
