"""The keys of a lane whose requests are run elsewhere by an engine, and which engine each of them belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.config.keys import CHOICE, COUNT, DURATION, PATH, SIZE, TEXT, Key
from clodputer.model.config.keyvalue import one_word
from clodputer.model.config.withunit import TERABYTE, YEAR, Expected

SLURM, KUBERNETES = "slurm", "kubernetes"

_SLURM = (
    Key(
        "partition",
        TEXT,
        "",
        "Of `slurm`: the partition.",
        check=one_word,
        absent="that of the cluster",
        example="gpu",
    ),
    Key(
        "account",
        TEXT,
        "",
        "Of `slurm`: the account that the jobs are charged to.",
        check=one_word,
        absent="yours",
        example="lab",
    ),
    Key(
        "qos",
        TEXT,
        "",
        "Of `slurm`: the quality of service.",
        check=one_word,
        absent="that of the account",
        example="low",
    ),
    Key(
        "constraint",
        TEXT,
        "",
        "Of `slurm`: features that a node must have.",
        check=one_word,
        absent="none",
        example="ssd",
    ),
    Key(
        "gres",
        TEXT,
        "",
        "Of `slurm`: generic resources of each job.",
        check=one_word,
        absent="none",
        example="gpu:1",
    ),
)
_KUBERNETES = (
    Key(
        "image",
        TEXT,
        "",
        "Of `kubernetes`, which needs it: the image of the jobs, in which `clodputer` is installed.",
        check=one_word,
        absent="an error",
        example="registry.example/clodputer:1",
    ),
    Key(
        "volume_claim",
        TEXT,
        "",
        "Of `kubernetes`, which needs it: the claim of the volume in which this home lies.",
        check=one_word,
        absent="an error",
        example="clodputer",
    ),
    Key(
        "mount",
        PATH,
        "",
        "Of `kubernetes`: where that volume is in the jobs; the home must lie below it. It is their `HOME`.",
        absent="the folder in which the home lies",
        example="/srv",
    ),
    Key(
        "secret",
        TEXT,
        "",
        "Of `kubernetes`: the Secret whose keys are variables of the jobs, such as `CLAUDE_CODE_OAUTH_TOKEN`.",
        check=one_word,
        absent="none",
        example="clodputer",
    ),
    Key(
        "namespace",
        TEXT,
        "",
        "Of `kubernetes`: the namespace.",
        check=one_word,
        absent="that of the context",
        example="agents",
    ),
    Key(
        "context",
        TEXT,
        "",
        "Of `kubernetes`: the context in kubectl's configuration.",
        check=one_word,
        absent="the current one",
        example="lab",
    ),
    Key(
        "queue",
        TEXT,
        "",
        "Of `kubernetes`: the local queue of Kueue that admits the jobs.",
        check=one_word,
        absent="Kueue is not asked",
        example="agents",
    ),
    Key(
        "service_account",
        TEXT,
        "",
        "Of `kubernetes`: the service account of the jobs, of which no token is mounted.",
        check=one_word,
        absent="that of the namespace",
        example="runner",
    ),
    Key(
        "runtime_class",
        TEXT,
        "",
        "Of `kubernetes`: the runtime class of the jobs.",
        check=one_word,
        absent="that of the cluster",
        example="gvisor",
    ),
)
_ANY = (
    Key(
        "time",
        DURATION,
        None,
        "With an engine: the longest that a job may take there; it should be longer than `timeout`.",
        60,
        YEAR,
        absent="as the engine has it",
        example="2h",
    ),
    Key(
        "memory",
        SIZE,
        None,
        "With an engine: the memory of each job.",
        1,
        TERABYTE,
        absent="as the engine has it",
        example="4GB",
    ),
    Key(
        "cpus",
        COUNT,
        None,
        "With an engine: the processors of each job.",
        1,
        4096,
        absent="as the engine has it",
        example=2,
    ),
)
# Beside those of any engine, the keys of each.
OF: Mapping[str, tuple[Key, ...]] = {SLURM: _SLURM, KUBERNETES: _KUBERNETES}
# What an engine cannot do without.
_NEEDED: Mapping[str, tuple[str, ...]] = {KUBERNETES: ("image", "volume_claim")}

KEYS = (
    Key(
        "engine",
        CHOICE,
        "",
        "What runs the lane's requests elsewhere, as jobs; `slots` are then how many jobs are there at the same time. "
        "See [Beyond one machine](beyond-one-machine.md).",
        choices=tuple(OF),
        absent="they run on this machine",
        example="slurm",
    ),
    *(key for keys in OF.values() for key in keys),
    *_ANY,
)


def check(lanes: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """The lanes as they are. Raises Expected when one says something of an engine that it does not have, or too little."""
    for name, lane in lanes.items():
        engine = lane.get("engine", "")
        allowed = {key.name for key in (*OF.get(engine, ()), *(_ANY if engine else ()))}
        for key in KEYS[1:]:
            if key.name in lane and key.name not in allowed:
                owner = next((each for each, keys in OF.items() if key in keys), "")
                raise Expected(
                    f"`engine{f': {owner}' if owner else ''}` beside `{key.name}` in the lane {name}"
                )
        for needed in _NEEDED.get(engine, ()):
            if not lane.get(needed):
                raise Expected(f"`{needed}` beside `engine: {engine}` in the lane {name}")
    return lanes
