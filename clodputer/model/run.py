"""One run: what is launched, what its stream has said so far, how it ended, what it amounts to."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.gates.usage import Share
from clodputer.model.outcome import Outcome
from clodputer.model.proof.suspect import Done

DEFAULT_MAX_OUTPUT = 200 * 1024 * 1024
TIMEOUT = 3600.0
STOP_GRACE = 10.0


class Facts(NamedTuple):
    """What an agent needs beside the task to say how it is started. All paths are absolute.

    environ: of `exec` itself; an agent takes only what its allow-list names. secrets: of secrets.env, likewise.
    temporary: the run's private TMPDIR. claude: path of the binary from config.yaml, or empty.
    last: the record of the task's latest run that has a session to continue. home: the folder of the Clodputer home.
    resume: the session that this run must go on with, if it can; `last` is then the record of the run that was cut off in it.
    fenced: the prompt holds text from outside between the marks of a fence. fed_by: the names in its template that bring in
    what somebody else wrote, for which the run is restricted. memory: the file that the run may rewrite, empty for none.
    intents: the folder for what is to be published after the run, empty when its task publishes nothing.
    given: variables of what was made for the run, which no task can override. contained: its programs are those of an image,
    and none of this machine's. sessions: the folder that has the agent's sessions, empty for the agent's own.
    """

    run_id: str
    environ: Mapping[str, str]
    secrets: Mapping[str, str]
    temporary: str
    max_output: int = DEFAULT_MAX_OUTPUT
    claude: str = ""
    last: Optional[Mapping[str, Any]] = None
    home: str = ""
    resume: str = ""
    fenced: bool = False
    fed_by: tuple[str, ...] = ()
    memory: str = ""
    intents: str = ""
    given: Mapping[str, str] = {}
    contained: bool = False
    sessions: str = ""


class Launch(NamedTuple):
    """Everything needed to start an agent: an argument list, never a shell string. Times in seconds.

    remark: what the record's message is to say of the start, whatever becomes of the run. withheld: variables that the agent
    does not get and the task's own programs do. fed_by: why, as in `Facts`. within: by the names of resources, what it is
    started within (isolate.around). prefix: what comes before the arguments, to start it in a sandbox; depth: how many
    processes of that are above its own. sandbox: as in the record. preface: what is said before the prompt, to an agent that
    takes a system prompt in no other way.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    working_directory: str
    agent_version: str = ""
    session_id: str = ""
    resumed: bool = False
    remark: str = ""
    startup_timeout: Optional[float] = None
    stall_timeout: Optional[float] = None
    timeout: float = TIMEOUT
    stop_grace: float = STOP_GRACE
    exit_grace: float = 15.0
    max_output: int = DEFAULT_MAX_OUTPUT
    withheld: Mapping[str, str] = {}
    fed_by: tuple[str, ...] = ()
    within: Mapping[str, Mapping[str, Any]] = {}
    prefix: tuple[str, ...] = ()
    depth: int = 0
    sandbox: Mapping[str, Any] = {}
    preface: str = ""


class Progress(NamedTuple):
    """What an agent's stream has said so far; `notes` belongs to the agent alone.

    started: the first event was seen. busy: a tool is known to be running. done: a final result was seen. hopeless: empty,
    or the reason code for which it is stopped at once, before it spends more. tokens: how many it has used so far, at least.
    shares: how much of its account's usage windows is used, by the latest that it said.
    """

    started: bool = False
    busy: bool = False
    done: bool = False
    hopeless: str = ""
    tokens: int = 0
    shares: Mapping[str, Share] = {}
    notes: Any = None


class Said(NamedTuple):
    """One thing in a conversation: `kind` is the verb (starts, says, uses, ...), `text` is as the agent wrote it.

    more: for a tool call, the arguments that `text` leaves out, one to a line.
    """

    kind: str
    text: str
    more: str = ""


class Description(NamedTuple):
    """What one line of an agent's stdout means to a reader of the conversation.

    reply: the id of the reply that it is a part of, empty for none, and for those of a subagent; every reply is a turn.
    cost_usd: what the agent says that it has spent so far.
    """

    said: tuple[Said, ...] = ()
    reply: str = ""
    cost_usd: Optional[float] = None


class Ended(NamedTuple):
    """How a process ended and what we did to it.

    stopped: empty, or why *we* stopped it: startup_hang, stall, timeout, output_too_large, interrupted,
    cancelled, replaced, exit_grace (it had its result and would not leave), or what its progress called hopeless.
    """

    exit_status: Optional[int]
    signal: Optional[int]
    stopped: str
    stderr_tail: str
    swept: tuple[Mapping[str, Any], ...] = ()


class Report(NamedTuple):
    """What a run amounts to, as its agent reports it. Keys are those of the record.

    resets_at: when a usage limit ends, in epoch seconds. retry_after: the seconds that the other side asked for before another
    attempt. unresumed: it was to go on with a session, and could not.
    files: those that it is known to have written. done: what it changed; None for an agent of which nobody can tell.
    """

    outcome: Outcome
    result: Any = None
    num_turns: Optional[int] = None
    cost_usd: Optional[float] = None
    cost_estimated: bool = False
    usage: Mapping[str, Any] = {}
    session_id: str = ""
    session_totals: Mapping[str, Any] = {}
    model: str = ""
    agent_version: str = ""
    permission_denials: tuple[Mapping[str, Any], ...] = ()
    mcp_servers: tuple[Mapping[str, Any], ...] = ()
    in_effect: Mapping[str, Any] = {}
    resets_at: Optional[float] = None
    retry_after: Optional[float] = None
    unresumed: bool = False
    files: tuple[str, ...] = ()
    done: Optional[Done] = None
