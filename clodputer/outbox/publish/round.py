"""A round: a process beside the runs sends the parcels that are due, step by step, and remembers each step that is done."""

from __future__ import annotations

import os
from functools import partial
from shutil import rmtree
from time import monotonic, sleep, time
from typing import Optional

from clodputer.github import access
from clodputer.github.access import Server
from clodputer.github.account import Account, account
from clodputer.github.answer import LIMITED, TOKEN_INVALID, TOKEN_MISSING, GithubError
from clodputer.model.notify.letter import next_try
from clodputer.model.publish.parcel import AGAIN, DONE, MEANT, REFUSED, UNDELIVERED, Parcel, Step, truthful
from clodputer.model.publish.rule import CALLING, CLOSE, EVENT, PULL_REQUEST, PUSH
from clodputer.outbox.publish import fates, push, steps
from clodputer.outbox.publish.steps import Made, Refused
from clodputer.store.context import Context
from clodputer.store.git import git
from clodputer.store.outgoing import parcels, published
from clodputer.store.outgoing.published import Published
from clodputer.store.processes.beside import Child
from clodputer.store.spool import drop

# After so many seconds no further parcel is begun.
ROUND = 120.0
DAY = 86400.0
# GitHub asks for a second between two things that are made (docs.github.com, best practices for the REST API).
PAUSE = 1.0


class _Later(Exception):
    """A step could not be done now. until: when to try again at the earliest (epoch seconds)."""

    def __init__(self, message: str, until: Optional[float] = None) -> None:
        super().__init__(message)
        self.until = until


_child = Child()


def start(context: Context) -> None:
    """Have one begin, unless one is going on. Raises OSError."""
    # Where another exec's is at it, what is left is sent by the next sweep.
    _child.start(partial(_work, context._replace(seen=None)), f"{context.home.ledger}/publish.lock")


def running() -> bool:
    """Whether the one that this process has started is still there."""
    return _child.running()


def end() -> None:
    """End the one that this process has started, and what it has started."""
    _child.kill()


def _work(context: Context) -> None:
    send_due(context, monotonic() + ROUND)


def send_due(context: Context, until: float, pause: float = PAUSE) -> None:
    """Send what is due, and begin nothing after `until` (of the monotonic clock). One process at a time. Raises OSError."""
    sender = Sender(context, pause)
    for name in parcels.due_names(context.home, time()):
        if monotonic() >= until:
            return
        parcel = parcels.read(context.home, name)
        if parcel is not None:
            _contained(sender, name, parcel)
        elif os.path.lexists(f"{context.home.outbox}/{name}"):
            parcels.set_aside(context.home, name)
    fates.look(context, sender.free_server)


def _contained(sender: Sender, name: str, parcel: Parcel) -> None:
    """Send one; a fault in it is tried again as anything else is, and keeps no other from being sent. Raises OSError."""
    try:
        sender.send(name, parcel)
    except OSError:
        raise  # a full disk, say: whoever comes next begins where we were
    except Exception as error:  # noqa: BLE001  (nobody reads what this process says)
        found = next(
            (one for one in parcels.names(sender.context.home) if parcels.id_of(one) == parcel.id), name
        )
        latest = parcels.read(sender.context.home, found) or parcel
        sender.postpone(found, latest, f"{type(error).__name__}: {error}"[:500])


class Sender:
    """What is known while a round lasts: the server, whose token it is, and when something was made last."""

    def __init__(self, context: Context, pause: float) -> None:
        self.context, self.pause = context, pause
        self._server: Optional[Server] = None
        self._account: Optional[Account] = None
        self._made_at = 0.0
        self._limited: Optional[GithubError] = None

    def send(self, name: str, parcel: Parcel) -> None:
        """Do the steps of a parcel that are open; what cannot be done now is tried again for a day. Raises OSError."""
        home = self.context.home
        try:
            for number in parcel.open:
                step = self._step(parcel, parcel.steps[number])
                parcel = parcel.with_step(number, step)
                if step.state == REFUSED:
                    self._tell(parcel, step)
                name = parcels.keep(home, name, parcel)
        except _Later as error:
            self.postpone(name, parcel, self.context.masker.text(str(error)), error.until)
            return
        if any(step.state == REFUSED for step in parcel.steps):
            parcels.end(home, name, parcel._replace(state=UNDELIVERED))
        else:
            parcels.finish(home, name)

    def _step(self, parcel: Parcel, step: Step) -> Step:
        """The step as it is afterwards. Raises _Later, OSError."""
        if step.kind == EVENT:
            return self._reported(parcel, step)
        receipt = published.of_step(self.context.home, parcel.run_id, step.places[0]) if step.places else None
        step = truthful(step, parcel.steps)
        if receipt is not None and MEANT not in step.fields and AGAIN not in step.fields:
            return step._replace(state=DONE, number=receipt.number, url=receipt.url)
        try:
            self._hold_against(parcel, step)
            made, step = self._made(parcel, step)
        except Refused as error:
            return step._replace(state=REFUSED, code=error.code, message=self.context.masker.text(str(error)))
        except GithubError as error:
            if error.passes or error.code in (TOKEN_MISSING, TOKEN_INVALID):
                self._limited = error if error.code == LIMITED else self._limited
                raise _Later(error.message, error.until) from None
            message = f"{error.message} {error.hint}".strip()
            return step._replace(state=REFUSED, code=error.code, message=self.context.masker.text(message))
        except git.Missing:
            raise _Later("there is no git in PATH") from None
        if step.places:
            self._note(parcel, step, made)
        return step._replace(state=DONE, number=made.number, url=made.url)

    def _reported(self, parcel: Parcel, step: Step) -> Step:
        """An event that was held back goes into `new/`, exactly once. Raises OSError."""
        home, name = self.context.home, str(step.fields["name"])
        # It is put down beside, the receipt commits it, and the rename that follows can happen only once.
        folder = f"{home.outbox}/events/{parcel.id}"
        if published.of_step(home, parcel.run_id, step.places[0]) is None:
            drop.put_down(folder, [(name, step.fields["event"])])
            self._note(parcel, step, Made(None, ""))
        if os.path.lexists(f"{folder}/{name}"):
            drop.deliver(home, folder, [name])
        rmtree(folder, ignore_errors=True)
        return step._replace(state=DONE)

    def _hold_against(self, parcel: Parcel, step: Step) -> None:
        """Whether what came before it was done, and the day has room. Raises Refused, OSError."""
        for before in parcel.steps:
            if (
                before.kind in (PUSH, PULL_REQUEST)
                and before.state == REFUSED
                and step.kind in (PULL_REQUEST, CLOSE)
            ):
                raise Refused("not_delivered", f"{before.kind} was refused: {before.message}")
        if step.places:
            today = published.number_since(self.context.home, parcel.task, time() - DAY)
            if today >= parcel.max_per_day:
                raise Refused("day_full", f"the task has published {today} things in 24 hours (max_per_day)")

    def _made(self, parcel: Parcel, step: Step) -> tuple[Made, Step]:
        """Do it. Raises _Later, Refused, GithubError, git.Missing, OSError."""
        if step.kind == PUSH:
            branch = self._pushed(parcel)
            return Made(None, ""), step._replace(fields={**step.fields, "branch": branch})
        if step.kind == PULL_REQUEST:
            branches = (before.fields.get("branch") for before in parcel.steps if before.kind == PUSH)
            step = step._replace(fields={**step.fields, "branch": next(filter(None, branches), "")})
        server, who = self._known()
        sleep(max(0.0, self._made_at + self.pause - monotonic()))
        try:
            return steps.perform(self.context, server, who, parcel, step), step
        finally:
            self._made_at = monotonic()

    def _pushed(self, parcel: Parcel) -> str:
        """The branch that the commits are on now. Raises _Later, Refused, git.Missing, OSError."""
        calls = any(step.kind in CALLING for step in parcel.steps)
        server = self._known()[0] if calls else self._any_server()
        pushed = push.push(self.context, parcel, server, may_turn=False)
        if pushed.behind and parcel.push is not None:
            branch = parcel.push.branch
            number = steps.open_request(self._known()[0], parcel, branch) if calls else None
            if number is not None:
                raise Refused("behind", f"{pushed.problem}; the pull request #{number} is open for it")
            pushed = push.push(self.context, parcel, server, may_turn=True)
        if pushed.branch:
            return pushed.branch
        if pushed.final:
            raise Refused(pushed.code, pushed.problem)
        raise _Later(pushed.problem)

    def server(self) -> Server:
        """Where GitHub is asked. Raises GithubError."""
        if self._server is None:
            self._server = access.server(self.context)
        return self._server

    def free_server(self) -> Server:
        """The same, unless a step before has met a limit that lasts still. Raises GithubError."""
        if self._limited is not None and time() < (self._limited.until or 0.0):
            raise self._limited
        return self.server()

    def _known(self) -> tuple[Server, Account]:
        """The server and whose token it is. Raises GithubError."""
        server = self.free_server()
        if self._account is None:
            self._account = account(server)
        return server, self._account

    def _any_server(self) -> Optional[Server]:
        """The server, for a push alone; None where no token is named, and the person's own login is used."""
        try:
            return self.server()
        except GithubError:
            return None

    def _note(self, parcel: Parcel, step: Step, made: Made) -> None:
        now = time()
        one = Published(
            parcel.run_id,
            step.places[0],
            parcel.task,
            step.kind,
            now,
            parcel.repository,
            parcel.item,
            made.number,
            made.url,
            str(step.fields.get("title") or ""),
            parcel.push.commit if parcel.push and step.kind in (PUSH, PULL_REQUEST) else "",
            str(step.fields.get("branch") or ""),
            made.key,
            cost_usd=parcel.cost_usd,
        )
        published.write(self.context.home, one)
        about = {"task": parcel.task, "run_id": parcel.run_id, "kind": step.kind}
        more = {"message": made.message} if made.message else {}
        self.context.log(
            now,
            "published",
            **about,
            number=made.number,
            url=made.url or None,
            branch=one.branch or None,
            **more,
        )

    def _tell(self, parcel: Parcel, step: Step) -> None:
        about = {"task": parcel.task, "run_id": parcel.run_id, "kind": step.kind}
        self.context.log(time(), "not_published", **about, reason=step.code, message=step.message)

    def postpone(self, name: str, parcel: Parcel, message: str, until: Optional[float] = None) -> None:
        """Keep it for another try, or give it up after a day; nothing that was to be sent is lost."""
        now, tries = time(), parcel.tries + 1
        if now < parcel.ends:
            due = max(next_try(tries, now), until or 0.0)
            parcels.keep(self.context.home, name, parcel._replace(tries=tries, due=due, last_error=message))
            return
        told = f"tried for a day: {message}"
        left = tuple(
            step if step.state == DONE else step._replace(state=REFUSED, code="given_up", message=told)
            for step in parcel.steps
        )
        parcel = parcel._replace(tries=tries, last_error=message, state=UNDELIVERED, steps=left)
        self._tell(parcel, next(step for step in left if step.state == REFUSED))
        parcels.end(self.context.home, name, parcel)
