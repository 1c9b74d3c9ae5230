"""Approval: nothing runs before it, everything runs once after it, and one decision counts, whoever is at it and dies."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.gates import approvaltoken
from clodputer.model.gates.approval import (
    APPROVAL_EXPIRED,
    APPROVED,
    DENIED,
    DENIED_BY_PERSON,
    WEEK,
)
from clodputer.model.notify.letter import Letter
from clodputer.outbox.links import WANTED, links
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import approve, retry
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool import aside, find, queue
from clodputer.store.spool.requests import waits
from clodputer.store.upkeep import approvalkey
from clodputer.tasks import taskfile
from tests.workshop import command_task, drop, environment, events, everything, make_home, outcomes

RULES = {
    "approve: before\n": ("before", WEEK),
    "approve: {mode: before, expires: 3d}\n": ("before", 3 * 86400.0),
    "require_confirmation: true\n": ("before", WEEK),
    "require_confirmation: true\napprove: {mode: before, expires: 3d}\n": ("before", 3 * 86400.0),
    "require_confirmation: false\n": ("", WEEK),
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "asks", "/bin/true", more="approve: before\n")
    command_task(home, "free", "/bin/true")
    return home


@pytest.fixture
def context(home: Home) -> Context:
    return look(environment(home))


def drained(context: Context) -> None:
    with Stop() as stop:
        work(context, stop)


def asked(context: Context) -> str:
    """The id of a request that waits for approval."""
    drop(context.home, "asks")
    drained(context)
    [found] = find.delayed(context.home, "default")
    return found.id


def outlasted(context: Context, request_id: str) -> None:
    """Have it wait for longer than a week, and be asked about at once."""
    kept = waits.read(context.home, "default", request_id)
    assert kept is not None
    waits.write(context.home, "default", request_id, kept._replace(since=time() - WEEK - 60))
    queue.wake(context.home, "default", lambda _: True)


@pytest.mark.parametrize(("text", "rule"), RULES.items())
def test_how_it_is_written(home: Home, text: str, rule: tuple[str, float]) -> None:
    """A word, a mapping, or the key of another tool."""
    command_task(home, "written", "/bin/true", more=text)
    assert tuple(taskfile.load(home, "written", environment(home)).approve) == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approve: befor\n", "expected one of before, plan"),
        ("approve: {mode: before, expire: 3d}\n", "did you mean"),
        ("approve: {expires: 3d}\n", "a mapping such as {mode: before"),
        ("approve: true\n", "expected"),
        ("approve: before\nrequire_confirmation: false\n", "opposite"),
    ],
)
def test_what_is_wrong(home: Home, text: str, said: str) -> None:
    """It is told by its key."""
    command_task(home, "written", "/bin/true", more=text)
    with pytest.raises(ClodputerError) as error:
        taskfile.load(home, "written", environment(home))
    assert said.replace("`", "") in str(error.value).replace("`", "").replace("'", "")


def test_it_waits_and_the_lane_goes_on(context: Context) -> None:
    """It holds no slot, and says once that it asks."""
    request_id = asked(context)
    drop(context.home, "free")
    queue.wake(context.home, "default", lambda _: True)
    drained(context)
    assert (outcomes(context.home, "free"), outcomes(context.home, "asks")) == (["succeeded"], [])
    kept = waits.read(context.home, "default", request_id)
    assert kept is not None
    assert (kept.reason, kept.until) == ("approval", None)
    assert [event["reason"] for event in events(context.home, "delayed")] == ["approval"]


def test_approved(context: Context) -> None:
    """It runs once; the same again changes nothing, and the contrary comes too late."""
    request_id = asked(context)
    done = approve.decide(context, request_id[:6], APPROVED, " seen ", time())
    assert (done.decision, done.request_id, done.task, done.note, done.already) == (
        APPROVED,
        request_id,
        "asks",
        "seen",
        False,
    )
    assert approve.decide(context, request_id, APPROVED, "", time()).already
    with pytest.raises(ClodputerError, match="was approved"):
        approve.decide(context, request_id, DENIED, "", time())
    drained(context)
    assert outcomes(context.home, "asks") == ["succeeded"]
    assert approve.decide(context, request_id, APPROVED, "", time()).already
    assert [event["message"] for event in events(context.home, "approved")] == ["seen"]


def test_denied(context: Context) -> None:
    """It is closed with the reason; a retry asks anew, under another id."""
    request_id = asked(context)
    done = approve.decide(context, request_id, DENIED, "not now", time())
    assert everything(context.home) == {}
    reason = aside.read(context.home.closed, os.path.basename(done.kept))
    assert (reason.code, reason.message) == (DENIED_BY_PERSON, "A person denied it: not now")
    assert approve.decide(context, request_id, DENIED, "", time()).already
    with pytest.raises(ClodputerError, match="was closed"):
        approve.decide(context, request_id, APPROVED, "", time())
    ended = retry.find(context, request_id)
    assert ended is not None
    retry.retry(context, ended)
    drained(context)
    assert outcomes(context.home, "asks") == []
    [again] = find.delayed(context.home, "default")
    assert again.id != request_id


def test_expired(context: Context) -> None:
    """The sweep closes it, and who decides later learns of it."""
    request_id = asked(context)
    outlasted(context, request_id)
    drained(context)
    [name] = aside.names(context.home.closed)
    assert aside.read(context.home.closed, name).code == APPROVAL_EXPIRED
    with pytest.raises(ClodputerError, match="was closed"):
        approve.decide(context, request_id, APPROVED, "", time())
    assert outcomes(context.home, "asks") == []


def test_too_late_before_the_sweep(context: Context) -> None:
    """The time counts, and not who looks first."""
    request_id = asked(context)
    outlasted(context, request_id)
    with pytest.raises(ClodputerError, match="too long"):
        approve.decide(context, request_id, APPROVED, "", time())
    drained(context)
    assert outcomes(context.home, "asks") == []


@pytest.mark.parametrize(("wanted", "code"), [("nothing", "request_unknown"), ("", "not_asked")])
def test_what_does_not_ask(context: Context, wanted: str, code: str) -> None:
    """A request that nobody has to approve is left alone."""
    drop(context.home, "free.json", '{"task": "free", "not_before": "2099-01-01T00:00:00Z"}')
    drained(context)
    [found] = find.delayed(context.home, "default")
    with pytest.raises(ClodputerError) as error:
        approve.decide(context, wanted or found.id, APPROVED, "", time())
    assert error.value.code == code


def test_decided_by_a_file(context: Context) -> None:
    """It counts as a command does; what cannot be done is rejected, and all else goes on."""
    first = asked(context)
    drop(context.home, "a.approve.json", json.dumps({"approve": first}))
    drop(context.home, "b.approve.json", json.dumps({"deny": first}))
    drop(context.home, "c.approve.json", '{"approve": 3}')
    drained(context)
    assert outcomes(context.home, "asks") == ["succeeded"]
    codes = {
        name: aside.read(context.home.rejected, name).code for name in aside.names(context.home.rejected)
    }
    assert codes == {"b.approve.json": "already_decided", "c.approve.json": "invalid_decision"}


def test_an_id_that_comes_back_asks_again(context: Context) -> None:
    """What was decided about a request says nothing of a later one of its name."""
    for _ in range(2):
        drop(context.home, "a.json", json.dumps({"task": "asks", "id": "mine-1234", "created_at": time()}))
        drained(context)
        assert [found.id for found in find.delayed(context.home, "default")] == ["mine-1234"]
        approve.decide(context, "mine-1234", APPROVED, "", time())
        drained(context)
    assert outcomes(context.home, "asks") == ["succeeded"] * 2


def test_decided_by_a_token(context: Context) -> None:
    """It decides about its own request, in its own way, until its own end, once."""
    request_id = asked(context)
    [found] = find.delayed(context.home, "default")
    created = round(approve._request(found).created_at * 1000)
    key, now = approvalkey.get(context.home), time()
    assert os.stat(f"{context.home.root}/approval.key").st_mode & 0o777 == 0o600
    token = approvaltoken.Token(APPROVED, request_id, created, int(now) + 60)
    for bad in (
        "a.b",
        approvaltoken.make(b"x" * 32, token),
        approvaltoken.make(key, token._replace(until=int(now) - 1)),
        approvaltoken.make(key, token._replace(wish=DENIED)),
        approvaltoken.make(key, token._replace(created=created - 1)),
    ):
        with pytest.raises(ClodputerError) as error:
            approve.decide_by_token(context, bad, APPROVED, "", now)
        assert error.value.code in ("invalid_token", "request_unknown")
    drop(context.home, "a.approve.json", json.dumps({"token": approvaltoken.make(key, token)}))
    drop(context.home, "b.approve.json", '{"token": "a.b"}')
    drained(context)
    assert outcomes(context.home, "asks") == ["succeeded"]
    [name] = aside.names(context.home.rejected)
    assert aside.read(context.home.rejected, name).code == "invalid_token"
    assert approve.decide_by_token(context, approvaltoken.make(key, token), "", "", now).already
    assert "a.b" not in Path(context.home.log).read_text()


def test_links_in_a_message(context: Context) -> None:
    """Where an address is set a message has two links, each of which decides; they are nowhere on disk."""
    base = "https://home.example/a?t="
    request_id = asked(context)
    letter = Letter("x", "hook", WANTED, 0.0, 0.0, 0.0, "asks", item=request_id)
    assert links(context, letter) == ()
    Path(context.home.config).write_text(f"approve_link: {base}\n")
    context = look(environment(context.home))
    found = dict(links(context, letter))
    assert list(found) == ["Approve", "Deny"]
    assert links(context, letter._replace(edge="failed")) == ()
    text = found["Deny"][len(base) :]
    assert approve.decide_by_token(context, text, DENIED, "", time()).decision == DENIED
    assert links(context, letter) == ()
    with pytest.raises(ClodputerError, match="was closed"):
        approve.decide_by_token(context, found["Approve"][len(base) :], "", "", time())
