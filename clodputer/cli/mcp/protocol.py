"""The Model Context Protocol, purely: what a line from the client asks for, and how it is answered.

Two eras are spoken (https://modelcontextprotocol.io/specification/2026-07-28/basic/lifecycle). Since 2026-07-28 every request
names its version in `_meta`, and there is no handshake; before, a connection began with `initialize`. Nothing of an earlier
request is needed to answer a later one, so nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps, loads
from typing import Any, NamedTuple, NoReturn, Optional, Union

from clodputer import __version__

MODERN = ("2026-07-28",)
HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
VERSIONS = (*MODERN, *HANDSHAKE)

PARSE_ERROR, INVALID_REQUEST, NO_SUCH_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
UNSUPPORTED_VERSION = -32022

_PREFIX = "io.modelcontextprotocol/"
_VERSION, _CAPABILITIES, _SERVER = (
    f"{_PREFIX}protocolVersion",
    f"{_PREFIX}clientCapabilities",
    f"{_PREFIX}serverInfo",
)
# The list of tools is the same as long as the server lives; in milliseconds.
_FRESH_FOR = 3_600_000
# So many messages may be in one line, as a batch of 2025-03-26, and so many characters of theirs in an error.
_MOST_AT_ONCE, _LONGEST = 100, 80

Json = Mapping[str, Any]
Id = Union[str, int]


class About(NamedTuple):
    """What the server says of itself. tools: as `tools/list` has them."""

    instructions: str
    tools: Sequence[Json]


class Say(NamedTuple):
    """An answer that is known at once."""

    message: Json


class Call(NamedTuple):
    """A tool is to be called; `answered` makes the answer. modern: whether the request is of the era without a handshake."""

    id: Id
    tool: str
    arguments: Json
    modern: bool


class Cancel(NamedTuple):
    """The call of this id is to be ended, and is not answered."""

    id: Id


Step = Union[Say, Call, Cancel]


class _Refused(Exception):
    """The request is answered with an error: its code, a message and data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({} if data is None else {"data": data})}


def steps(line: bytes, about: About) -> list[Step]:
    """What a line from the client leads to, in order; an empty line leads to nothing."""
    if not line.strip():
        return []
    try:
        message = loads(line.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return [Say(failed(None, PARSE_ERROR, f"not JSON: {error}"[:200]))]
    if not isinstance(message, list):
        return list(_of(message, about))
    if not 0 < len(message) <= _MOST_AT_ONCE:
        return [Say(failed(None, INVALID_REQUEST, f"a batch has 1 to {_MOST_AT_ONCE} messages"))]
    return [step for one in message for step in _of(one, about)]


def failed(id_: Optional[Id], code: int, message: str) -> Json:
    """An error as the answer to a request; `id_` is None where it could not be read."""
    return _failed(id_, {"code": code, "message": message})


def answered(call: Call, envelope: Json, problem: str = "") -> Json:
    """The answer to a call: what its command printed, for programs and as text; or a problem in words."""
    result: dict[str, Any] = {"isError": bool(problem) or not envelope.get("ok")}
    text = problem or dumps(envelope, ensure_ascii=True, separators=(",", ":"))
    result["content"] = [{"type": "text", "text": text}]
    if not problem:
        result["structuredContent"] = envelope
    return _succeeded(call.id, result, call.modern)


def _of(message: Any, about: About) -> Sequence[Step]:
    id_ = message.get("id") if isinstance(message, dict) else None
    known = _id(id_)
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return [Say(failed(known, INVALID_REQUEST, "a message is a JSON object with jsonrpc: 2.0"))]
    method, params = message.get("method"), message.get("params", {})
    if "method" not in message and ("result" in message or "error" in message):
        return []  # an answer: this server asks nothing
    if not isinstance(method, str) or ("id" in message and known is None):
        return [
            Say(failed(known, INVALID_REQUEST, "a request has a method, and a text or a whole number as id"))
        ]
    if known is None:
        return _noticed(method, params)
    try:
        if not isinstance(params, dict):
            raise _Refused(INVALID_PARAMS, "params are a JSON object")
        return [_asked(known, method, params, about)]
    except _Refused as refused:
        return [Say(_failed(known, refused.error))]


def _noticed(method: str, params: Any) -> Sequence[Step]:
    """A notification; none is ever answered, not even one that makes no sense."""
    id_ = _id(params.get("requestId")) if isinstance(params, dict) else None
    return [Cancel(id_)] if method == "notifications/cancelled" and id_ is not None else []


def _asked(id_: Id, method: str, params: Json, about: About) -> Step:
    meta = params.get("_meta")
    modern = method == "server/discover" or (
        isinstance(meta, dict) and _VERSION in meta and method != "initialize"
    )
    if modern:
        _check_version(meta)
    if method == "tools/call":
        return _call(id_, params, modern, about)
    if method == "tools/list":
        if params.get("cursor") is not None:
            raise _Refused(INVALID_PARAMS, "there is one page of tools only, and no cursor")
        result: Json = {"tools": list(about.tools), **(_cached() if modern else {})}
    elif method == "server/discover":
        result = {"supportedVersions": list(VERSIONS), **_itself(about), **_cached()}
    elif method == "initialize" and not modern:
        result = {"protocolVersion": _agreed(params), "serverInfo": _name(), **_itself(about)}
    elif method == "ping" and not modern:
        result = {}
    else:
        raise _Refused(NO_SUCH_METHOD, f"there is no method {method[:_LONGEST]!r}")
    return Say(_succeeded(id_, result, modern))


def _check_version(meta: Any) -> None:
    """Raises _Refused unless the request names its client's capabilities, and a version that is spoken."""
    missing = [key for key in (_VERSION, _CAPABILITIES) if not isinstance(meta, dict) or key not in meta]
    if missing:
        raise _Refused(INVALID_PARAMS, f"params._meta has no {' and no '.join(missing)}")
    asked = meta[_VERSION]
    if not isinstance(asked, str):
        raise _Refused(INVALID_PARAMS, f"{_VERSION} is a text")
    if asked not in MODERN:
        data = {"supported": list(VERSIONS), "requested": asked[:_LONGEST]}
        raise _Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def _agreed(params: Json) -> str:
    """The version of a handshake: the client's if it is spoken, else the latest that has one."""
    asked = params.get("protocolVersion")
    if not isinstance(asked, str):
        raise _Refused(INVALID_PARAMS, "protocolVersion is a text")
    return asked if asked in HANDSHAKE else HANDSHAKE[0]


def _call(id_: Id, params: Json, modern: bool, about: About) -> Call:
    name, arguments = params.get("name"), params.get("arguments")
    if name not in [tool["name"] for tool in about.tools]:
        raise _Refused(INVALID_PARAMS, f"there is no tool {str(name)[:_LONGEST]!r}")
    if arguments is not None and not isinstance(arguments, dict):
        raise _Refused(INVALID_PARAMS, "arguments are a JSON object")
    return Call(id_, str(name), arguments or {}, modern)


def _itself(about: About) -> Json:
    return {"capabilities": {"tools": {}}, "instructions": about.instructions}


def _name() -> Json:
    return {"name": "clodputer", "title": "Clodputer", "version": __version__}


def _cached() -> Json:
    return {"ttlMs": _FRESH_FOR, "cacheScope": "public"}


def _succeeded(id_: Id, result: Json, modern: bool) -> Json:
    if modern:
        result = {**result, "resultType": "complete", "_meta": {_SERVER: _name()}}
    return {"jsonrpc": "2.0", "id": id_, "result": result}


def _failed(id_: Optional[Id], error: Json) -> Json:
    return {"jsonrpc": "2.0", "id": id_, "error": error}


def _id(value: Any) -> Optional[Id]:
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
