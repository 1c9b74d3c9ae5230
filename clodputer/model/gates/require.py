"""What the machine must be like for a run to begin; whether it is, as a function of readings."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.agent import prompted
from clodputer.model.config.keys import CHOICE, DURATION, FLAG, PART, PERCENT, SIZE, Key
from clodputer.model.config.withunit import YEAR
from clodputer.model.text.moment import format_duration
from clodputer.model.text.size import format_size

MB = 1024**2

AC = "ac"


class Require(NamedTuple):
    """What must hold; None, False or an empty text: nothing of that kind.

    cpu_below, memory_below: percent. memory_free, disk_free: bytes. idle_for: seconds.
    """

    cpu_below: Optional[float] = None
    memory_below: Optional[float] = None
    memory_free: Optional[int] = None
    disk_free: Optional[int] = None
    power: str = ""
    network: bool = False
    idle_for: Optional[float] = None


# What every run needs unless config.yaml says otherwise: records, streams and what the run makes have to fit.
DISK_FREE = 500 * MB
# What a claude needs, which has some 200 MiB of its own (2.1.329), unless config.yaml says otherwise.
MEMORY_FREE = 300 * MB


class Readings(NamedTuple):
    """What the machine is like now; None for what was not asked for or cannot be read, which keeps nothing waiting.

    memory_free: bytes that can be had without swapping. disk_free: bytes, the least of the file systems that the run writes
    to. plugged: on mains power. idle: seconds since somebody typed.
    """

    cpu: Optional[float] = None
    memory: Optional[float] = None
    memory_free: Optional[int] = None
    disk_free: Optional[int] = None
    plugged: Optional[bool] = None
    network: Optional[bool] = None
    idle: Optional[float] = None


class Lacking(NamedTuple):
    """What is not as it must be: a reason code to wait for, and a sentence."""

    reason: str
    message: str


def both(task: Require, everywhere: Mapping[str, Any], agent: str = "command") -> Require:
    """What a task needs together with what config.yaml asks of all tasks: of each kind the task's own word, if it has one."""
    general = {
        "disk_free": DISK_FREE,
        **({"memory_free": MEMORY_FREE} if prompted(agent) else {}),
        **everywhere,
    }
    # 0 is something that was said, although it equals False.
    own = {
        name: value
        for name, value in task._asdict().items()
        if not (value is None or value is False or value == "")
    }
    return Require(**{**general, **own})


def lacking(require: Require, found: Readings) -> Optional[Lacking]:
    """The first thing that is not as it must be, or None."""
    if require.disk_free is not None and found.disk_free is not None and found.disk_free < require.disk_free:
        free, wanted = format_size(found.disk_free), format_size(require.disk_free)
        return Lacking("disk", f"{free} are free on the disk, and {wanted} must be (disk_free).")
    if require.power == AC and found.plugged is False:
        return Lacking("power", "The computer runs on its battery (power: ac).")
    if require.network and found.network is False:
        return Lacking("network", "There is no network (network: true).")
    if require.memory_below is not None and found.memory is not None and found.memory >= require.memory_below:
        return Lacking(
            "memory", f"{found.memory:.0f}% of the memory is used (memory_below: {require.memory_below:g}%)."
        )
    short = lacking_memory(require, found)
    if short is not None:
        return short
    if require.cpu_below is not None and found.cpu is not None and found.cpu >= require.cpu_below:
        return Lacking(
            "cpu", f"The processors are {found.cpu:.0f}% busy (cpu_below: {require.cpu_below:g}%)."
        )
    if require.idle_for is not None and found.idle is not None and found.idle < require.idle_for:
        since, wanted = format_duration(found.idle), format_duration(require.idle_for)
        return Lacking("idle", f"Somebody used the computer {since} ago (idle_for: {wanted}).")
    return None


def lacking_memory(require: Require, found: Readings) -> Optional[Lacking]:
    """That too little of the memory is free, or None."""
    if require.memory_free is None or found.memory_free is None or found.memory_free >= require.memory_free:
        return None
    free, wanted = format_size(found.memory_free), format_size(require.memory_free)
    return Lacking("memory_free", f"{free} of the memory are free, and {wanted} must be (memory_free).")


NEEDS = (
    Key(
        "cpu_below",
        PERCENT,
        help="The processors are less busy than this, measured over a fifth of a second.",
        smallest=1,
        largest=100,
        absent="no matter",
        example="50%",
    ),
    Key(
        "memory_below",
        PERCENT,
        help="Less than this share of the memory is in use.",
        smallest=1,
        largest=100,
        absent="no matter",
        example="80%",
    ),
    Key(
        "memory_free",
        SIZE,
        help="This much memory can be used without swapping; in a container, within its limit. It is checked "
        "once more just before "
        "the run begins, beside those that are going on. `0`: no matter how much.",
        smallest=0,
        absent="that of `config.yaml`, else `300MB` for an agent with a prompt",
        example="1GB",
    ),
    Key(
        "disk_free",
        SIZE,
        help="This much is free on the disks of the home and the working directory. `0`: no matter how much.",
        smallest=0,
        absent="that of `config.yaml`, else `500MB`",
        example="2GB",
    ),
    Key(
        "power",
        CHOICE,
        "",
        "`ac`: the computer is on mains power, or has no battery.",
        choices=(AC,),
        absent="no matter",
        example="ac",
    ),
    Key("network", FLAG, default=False, help="There is a network connection.", example=True),
    Key(
        "idle_for",
        DURATION,
        help="Nobody has typed at the computer or in one of its terminals for this long.",
        smallest=1,
        largest=YEAR,
        absent="no matter",
        example="10m",
    ),
)
KEYS = (
    Key(
        "require",
        PART,
        {},
        "Conditions of the machine under which a run may begin. Until they hold, the request waits and others of "
        "the lane go first.",
        keys=NEEDS,
        absent="that of `config.yaml`",
        example={"power": "ac", "network": True},
    ),
)
