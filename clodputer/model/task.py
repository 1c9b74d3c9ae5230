"""A task: what to ask for, when, and within which limits; checked values only."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.agent import CLAUDE, kind_of
from clodputer.model.follow.keys import Follow
from clodputer.model.gates.approval import Approval
from clodputer.model.gates.breaker import Breaker
from clodputer.model.gates.budget import Budget
from clodputer.model.gates.require import Require
from clodputer.model.gates.windowrule import WindowRule
from clodputer.model.isolate.container import Container
from clodputer.model.isolate.provision import USUAL_TIMEOUT
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.isolate.worktree import NONE, WORKTREE, Worktree
from clodputer.model.memory import MemoryRule
from clodputer.model.notify.channel import Notify
from clodputer.model.proof.expect import Expect
from clodputer.model.proof.guards import Guards
from clodputer.model.publish.rule import Publish
from clodputer.model.queue.score import Score
from clodputer.model.runs.limit import Limit
from clodputer.model.runs.limits import Limits
from clodputer.model.runs.retry import Retry
from clodputer.model.state import StateRule

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")

PRIORITIES = {"low": 2, "normal": 3, "high": 4}
LOWEST, HIGHEST, NORMAL = 1, 5, 3
DEFAULT_LANE = "default"
# The task that is built in and no file, for `clodputer ask`.
ASK = "ask"

# In bytes; Claude refuses more, and no argument or file name comes near it.
LARGEST_PROMPT = 10_000_000


def is_name(text: str) -> bool:
    """Whether it may be the name of a task: 1 to 64 letters, digits, `.`, `_` and `-`, of ASCII, a letter or digit first."""
    fits = text.isascii() and 1 <= len(text) <= 64
    return fits and text[0].isalnum() and _NAME.issuperset(text.lower())


class Trigger(NamedTuple):
    """What brings requests in. `options` holds the keys of its own type; `task` names the task whose trigger it is."""

    type: str = "manual"
    options: Mapping[str, Any] = {}
    task: str = ""


class Claude(NamedTuple):
    """How an agent that is asked by a prompt runs the task: the keys of claude, of which other agents take some.

    An empty model and a None among the maxima: those of the settings.
    """

    model: str = ""
    fallback_model: tuple[str, ...] = ()
    allowed_tools: tuple[str, ...] = ()
    disallowed_tools: tuple[str, ...] = ()
    permission_mode: str = ""
    max_turns: Optional[int] = None
    max_cost_usd: Optional[float] = None
    append_system_prompt: str = ""
    mcp_config: tuple[str, ...] = ()
    add_dirs: tuple[str, ...] = ()
    settings_sources: Optional[tuple[str, ...]] = None
    json_schema: Optional[Mapping[str, Any]] = None
    session: str = "new"
    on_denied: str = "fail"
    requires_mcp: tuple[str, ...] = ()
    repeat_limit: int = 20
    max_file_operations: Optional[int] = None
    i_accept_the_risk: bool = False
    produces: str = ""


class Task(NamedTuple):
    """One task file after validation, in parts; strings may still hold `{{ env.X }}`.

    What a file has at its top may be in a part here: `timeout` is `limits.timeout`, `model` is `claude.model`.
    """

    name: str
    path: str
    description: str = ""
    enabled: bool = True
    priority: int = NORMAL
    adapt: bool = False
    lane: str = DEFAULT_LANE
    agent: str = CLAUDE
    prompt: str = ""
    prompt_file: str = ""
    context: Mapping[str, Any] = {}
    working_directory: str = ""
    env: Mapping[str, str] = {}
    command: tuple[str, ...] = ()
    claude: Claude = Claude()
    limits: Limits = Limits()
    expect: Expect = Expect()
    guards: Guards = Guards()
    precheck: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    teardown: tuple[str, ...] = ()
    setup_timeout: float = USUAL_TIMEOUT
    retry: Retry = Retry()
    limit: Limit = Limit()
    park_after: int = 3
    machines: tuple[str, ...] = ()
    breaker: Breaker = Breaker()
    auto_disable_after: int = 0
    approve: Approval = Approval()
    budget: Budget = Budget()
    score: Score = Score()
    require: Require = Require()
    window: WindowRule = WindowRule()
    notify: Notify = Notify()
    ping: str = ""
    keep_awake: bool = False
    isolation: str = NONE
    worktree: Worktree = Worktree()
    container: Container = Container()
    sandbox: Sandbox = Sandbox()
    follow: Follow = Follow()
    state: StateRule = StateRule()
    memory: MemoryRule = MemoryRule()
    publish: Publish = Publish()
    triggers: tuple[Trigger, ...] = (Trigger(),)

    @property
    def prompted(self) -> bool:
        """Whether its agent does what a prompt says: then words from outside are kept apart, and it has an account."""
        return kind_of(self.agent).prompted

    @property
    def in_worktree(self) -> bool:
        """Whether each run works in a git worktree of its own."""
        return self.isolation == WORKTREE


# The parts whose keys are at the top of a file, and those that are mappings there as well, under the same name.
FLAT: Mapping[str, Any] = {"claude": Claude, "limits": Limits, "follow": Follow, "guards": Guards}
MAPPINGS: Mapping[str, Any] = {
    "expect": Expect,
    "retry": Retry,
    "limit": Limit,
    "breaker": Breaker,
    "budget": Budget,
    "score": Score,
    "approve": Approval,
    "require": Require,
    "window": WindowRule,
    "state": StateRule,
    "memory": MemoryRule,
    "publish": Publish,
    "notify": Notify,
    "worktree": Worktree,
    "container": Container,
    "sandbox": Sandbox,
}
_PARTS: Mapping[str, Any] = {**FLAT, **MAPPINGS}


def assemble(keys: Mapping[str, Any]) -> Task:
    """The task that the keys of a file make, with `name`, `path` and `triggers` added; lists become tuples."""
    values = dict(keys)
    for part, kind in FLAT.items():
        own = {name: values.pop(name) for name in kind._fields if name in values}
        values[part] = kind(**_tuples(own))
    for part, kind in MAPPINGS.items():
        given = values.get(part, {})
        values[part] = given if isinstance(given, kind) else kind(**_tuples(given))
    triggers = values.get("triggers", (Trigger(),))
    values["triggers"] = tuple(trigger._replace(task=values["name"]) for trigger in triggers)
    return Task(**_tuples(values))


def to_json(task: Task) -> dict[str, Any]:
    """The task as plain JSON values, for the cache."""
    fields = task._asdict()
    fields.update((name, fields[name]._asdict()) for name in _PARTS)
    fields["triggers"] = [trigger._asdict() for trigger in task.triggers]
    return fields


def from_json(fields: Mapping[str, Any]) -> Task:
    """The task that `to_json` wrote. Raises TypeError, KeyError or AttributeError when the fields are not today's."""
    values = _tuples(fields)
    for name, kind in _PARTS.items():
        values[name] = kind(**_tuples(values[name]))
    values["triggers"] = tuple(Trigger(**trigger) for trigger in values["triggers"])
    return Task(**values)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
