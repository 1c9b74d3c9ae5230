"""What a key does, decided purely: where the cursor goes, what is asked, and which command is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Optional

from clodputer.cli.dashboard.items import Arguments, Item, Pane, found

# So many lines of what a command prints are kept.
MOST_LINES = 5000
HELP = """\
  arrows, j k     choose a line                Tab, 1 to 6   choose a pane
  PgUp PgDn g G   go far                       z             one pane in full, and back
  Enter           open: what is known of it    w             why: what its task waits for
  f               follow the run as it happens
  n               run a task now               x             run now what waits (exec)
  r               run it again (retry)         c             cancel it
  a               approve                      d             deny
  p               pause its task, or resume    P             pause everything, or resume
  e               enable its task              S             stop everything now
  Ctrl-L          draw anew                    q             quit; nothing of this stays

  What is destroyed by a key is asked about first. Each key calls the command of its name;
  all that it prints is shown."""


class Order(NamedTuple):
    """A command to call. title: what its page is headed with when its answer is shown; empty when it changes something.

    drains: what waits is run then.
    """

    arguments: Arguments
    title: str = ""
    drains: bool = False


class Page(NamedTuple):
    """An answer over the whole screen. top: its first line that is seen, None to stay at the end. live: more is to come."""

    title: str
    lines: tuple[str, ...] = ()
    top: Optional[int] = 0
    live: bool = False


class Ask(NamedTuple):
    """A question, and what is done at yes."""

    question: str
    order: Order


class Pick(NamedTuple):
    """Names to choose one from. typed: what they have to contain."""

    names: tuple[str, ...]
    chosen: str = ""
    typed: str = ""

    @property
    def fitting(self) -> tuple[str, ...]:
        """Those with what was typed."""
        return tuple(name for name in self.names if self.typed.lower() in name.lower())


class State(NamedTuple):
    """Where the person is. chosen: the key of the line in each pane. message: what the last command said; bad: it failed."""

    pane: str = "needs"
    chosen: Mapping[str, str] = {}
    whole: bool = False
    page: Optional[Page] = None
    ask: Optional[Ask] = None
    pick: Optional[Pick] = None
    message: str = ""
    bad: bool = False
    quits: bool = False


class Screen(NamedTuple):
    """What there is to act on. held: which options `resume` takes. tasks: by name. rows: how many lines a page has.

    hide: takes secrets out of a text that is to be seen.
    """

    panes: Sequence[Pane]
    held: frozenset[Arguments] = frozenset()
    tasks: tuple[str, ...] = ()
    rows: int = 20
    hide: Callable[[str], str] = str


def chosen(state: State, pane: Pane) -> int:
    """The place of the cursor in a pane."""
    return found(pane.items, state.chosen.get(pane.name, "")) or 0


def item(state: State, screen: Screen) -> Optional[Item]:
    """The line under the cursor."""
    pane = _pane(state, screen)
    return pane.items[chosen(state, pane)] if pane.items else None


def pressed(state: State, key: str, screen: Screen) -> tuple[State, Optional[Order]]:
    """The state after a key, and what it wants done."""
    state = state._replace(message="", bad=False)
    if state.ask is not None:
        order = state.ask.order if key in ("y", "Y") else None
        return state._replace(ask=None, message="" if order else "Nothing was done."), order
    if state.pick is not None:
        return _picked(state, state.pick, key)
    if state.page is not None:
        return state._replace(page=_paged(state.page, key, screen.rows)), None
    if key in ("q", "Q"):
        return state._replace(quits=True), None
    if key in ("?", "h"):
        return state._replace(page=Page("Keys", tuple(HELP.splitlines()))), None
    if key == "z":
        return state._replace(whole=not state.whole), None
    if key == "escape":
        return state._replace(whole=False), None
    moved = _moved(state, key, screen)
    return (moved, None) if moved is not None else _acted(state, key, screen)


def _pane(state: State, screen: Screen) -> Pane:
    return next((pane for pane in screen.panes if pane.name == state.pane), screen.panes[0])


def _moved(state: State, key: str, screen: Screen) -> Optional[State]:
    names = [pane.name for pane in screen.panes]
    here = names.index(_pane(state, screen).name)
    if key in ("tab", "right"):
        return state._replace(pane=names[(here + 1) % len(names)])
    if key in ("backtab", "left"):
        return state._replace(pane=names[here - 1])
    if key.isdecimal() and key.isascii() and 1 <= int(key) <= len(names):
        return state._replace(pane=names[int(key) - 1])
    pane = screen.panes[here]
    step = _step(key, screen.rows, len(pane.items))
    if step is None:
        return None
    if not pane.items:
        return state
    place = max(0, min(len(pane.items) - 1, chosen(state, pane) + step))
    return state._replace(chosen={**state.chosen, pane.name: pane.items[place].key})


def _step(key: str, rows: int, total: int) -> Optional[int]:
    page = max(1, rows - 1)
    steps = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -page, "pagedown": page, " ": page}
    return {**steps, "home": -total, "g": -total, "end": total, "G": total}.get(key)


def _acted(state: State, key: str, screen: Screen) -> tuple[State, Optional[Order]]:
    here = item(state, screen)
    everything = ("--all",)
    if key == "P":
        return _held(state, everything, screen)
    if key == "S":
        question = "Stop everything: hold all requests, and end all that runs?"
        return state._replace(ask=Ask(question, Order(("stop",)))), None
    if key == "x":
        return state, Order((), drains=True)
    if key == "n":
        task = here.task if here is not None and here.task in screen.tasks else ""
        return _picking(state, screen, task), None
    if here is None:
        return state, None
    return _acted_on(state, key, here, screen)


def _acted_on(state: State, key: str, here: Item, screen: Screen) -> tuple[State, Optional[Order]]:
    if key == "enter" and here.opens:
        return state, Order(here.opens, " ".join(here.opens))
    if key == "f" and here.follows:
        return state, Order(here.follows, " ".join(here.follows))
    if key == "w" and here.task:
        return state, Order(("why", here.task), f"why {here.task}")
    if key == "c" and here.cancels:
        return state._replace(ask=Ask(f"Cancel {_called(here, here.cancels)}?", Order(here.cancels))), None
    if key == "d" and here.denies:
        return state._replace(ask=Ask(f"Deny {_called(here, here.denies)}?", Order(here.denies))), None
    if key == "a" and here.approves:
        return state, Order(here.approves)
    if key == "r" and here.retries:
        return state, Order(here.retries)
    if key == "e" and here.enables:
        return state, Order(here.enables)
    if key == "p" and here.held:
        return _held(state, here.held, screen)
    return state, None


def _called(here: Item, arguments: Arguments) -> str:
    return f"{here.task} {arguments[-1]}".strip()


def _held(state: State, option: Arguments, screen: Screen) -> tuple[State, Optional[Order]]:
    return state, Order(("resume" if option in screen.held else "pause", *option))


def _picking(state: State, screen: Screen, task: str) -> State:
    if not screen.tasks:
        return state._replace(message="There is no task yet. Make one: clodputer new", bad=True)
    return state._replace(pick=Pick(screen.tasks, task or screen.tasks[0]))


def _picked(state: State, pick: Pick, key: str) -> tuple[State, Optional[Order]]:
    names = pick.fitting
    place = names.index(pick.chosen) if pick.chosen in names else 0
    if key == "escape":
        return state._replace(pick=None), None
    if key == "enter":
        order = Order(("run", names[place], "--no-wait"), drains=True) if names else None
        return state._replace(pick=None), order
    if key in ("up", "down") and names:
        place = max(0, min(len(names) - 1, place + (1 if key == "down" else -1)))
        return state._replace(pick=pick._replace(chosen=names[place])), None
    typed = pick.typed[:-1] if key == "backspace" else pick.typed + key if len(key) == 1 else pick.typed
    return state._replace(pick=pick._replace(typed=typed[:40])), None


def _paged(page: Page, key: str, rows: int) -> Optional[Page]:
    """The page after a key; None once it is left."""
    if key in ("q", "Q", "escape", "enter"):
        return None
    step = _step(key, rows, len(page.lines))
    if step is None:
        return page
    last = max(0, len(page.lines) - rows)
    top = max(0, min(last, (last if page.top is None else page.top) + step))
    return page._replace(top=None if page.live and top == last else top)


def grown(page: Page, lines: Sequence[str]) -> Page:
    """The page with further lines; of very many the first are let go."""
    return page._replace(lines=(*page.lines, *lines)[-MOST_LINES:])
