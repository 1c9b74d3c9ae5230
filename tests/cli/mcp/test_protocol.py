"""What lines from a client lead to, in both eras of the protocol: a table, and lines of any kind."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.cli.mcp import protocol
from clodputer.cli.mcp.protocol import HANDSHAKE, MODERN, VERSIONS, About, Call, Cancel, Say, Step

ABOUT = About("How to use it.", [{"name": "list"}, {"name": "show"}])
VERSION = "io.modelcontextprotocol/protocolVersion"
META = {VERSION: MODERN[0], "io.modelcontextprotocol/clientCapabilities": {}}


def steps(message: Any) -> list[Step]:
    line = message if isinstance(message, bytes) else json.dumps(message).encode()
    return protocol.steps(line, ABOUT)


def request(method: str, params: Any = None, id_: Any = 7) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": id_, "method": method}
    return message if params is None else {**message, "params": params}


def said(message: Any) -> dict[str, Any]:
    """The one answer to a message, which is known at once."""
    [step] = steps(message)
    assert isinstance(step, Say)
    answer = dict(step.message)
    assert answer["jsonrpc"] == "2.0"
    assert ("result" in answer) != ("error" in answer)
    return answer


def code(message: Any, id_: Optional[Any] = 7) -> int:
    answer = said(message)
    assert answer["id"] == id_
    assert isinstance(answer["error"]["message"], str)
    found: int = answer["error"]["code"]
    return found


@pytest.mark.parametrize("version", HANDSHAKE)
def test_a_handshake_takes_the_version_of_the_client(version: str) -> None:
    client = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    result = said(request("initialize", client))["result"]
    assert result["protocolVersion"] == version
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "clodputer"
    assert result["instructions"] == ABOUT.instructions
    assert "resultType" not in result
    assert steps({"jsonrpc": "2.0", "method": "notifications/initialized"}) == []
    assert said(request("ping"))["result"] == {}
    assert said(request("tools/list"))["result"] == {"tools": list(ABOUT.tools)}


@pytest.mark.parametrize("version", [*MODERN, "2023-01-01", "2099-01-01", ""])
def test_a_handshake_of_another_version_is_offered_the_latest(version: str) -> None:
    """That of the era without a handshake as well; also when the request bears its mark."""
    for meta in ({}, {"_meta": META}):
        answer = said(request("initialize", {"protocolVersion": version, **meta}))
        assert answer["result"]["protocolVersion"] == HANDSHAKE[0]


def test_a_request_without_a_handshake() -> None:
    for method in ("server/discover", "tools/list"):
        result = said(request(method, {"_meta": META}))["result"]
        assert result["resultType"] == "complete"
        assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "clodputer"
        assert (result["ttlMs"] > 0, result["cacheScope"]) == (True, "public")
    assert said(request("server/discover", {"_meta": META}))["result"]["supportedVersions"] == list(VERSIONS)


@pytest.mark.parametrize("version", ["2025-11-25", "2099-01-01", ""])
def test_a_version_that_is_not_spoken_is_named_with_those_that_are(version: str) -> None:
    """A version with a handshake is one of those: it is not spoken without."""
    meta = {**META, VERSION: version}
    error = said(request("tools/list", {"_meta": meta}))["error"]
    assert (error["code"], error["data"]) == (-32022, {"supported": list(VERSIONS), "requested": version})


def test_calls() -> None:
    asked = {"name": "show", "arguments": {"of": "x"}}
    assert steps(request("tools/call", asked)) == [Call(7, "show", {"of": "x"}, modern=False)]
    modern = {**asked, "_meta": {**META, "progressToken": 1}}
    assert steps(request("tools/call", modern, "a")) == [Call("a", "show", {"of": "x"}, modern=True)]
    assert steps(request("tools/call", {"name": "list"})) == [Call(7, "list", {}, modern=False)]


def test_cancelling() -> None:
    def notice(**params: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}

    assert steps(notice(requestId=7, reason="enough")) == [Cancel(7)]
    assert steps(notice(requestId="a")) == [Cancel("a")]
    for wrong in (notice(), notice(requestId=True), notice(requestId=[1]), {**notice(), "params": [1]}):
        assert steps(wrong) == []


@pytest.mark.parametrize(
    ("message", "expected", "id_"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"a": NaN}', -32700, None),
        ([], -32600, None),
        ([1] * 101, -32600, None),
        (1, -32600, None),
        ({}, -32600, None),
        ({"id": 7, "method": "ping"}, -32600, 7),
        ({"jsonrpc": "1.0", "id": 7, "method": "ping"}, -32600, 7),
        ({"jsonrpc": "2.0", "id": 7}, -32600, 7),
        (request("ping", id_=None), -32600, None),
        (request("ping", id_=True), -32600, None),
        (request("ping", id_=1.5), -32600, None),
        (request("ping", [1]), -32602, 7),
        (request("resources/list"), -32601, 7),
        (request("ping", {"_meta": META}), -32601, 7),
        (request("initialize"), -32602, 7),
        (request("initialize", {"protocolVersion": 1}), -32602, 7),
        (request("server/discover"), -32602, 7),
        (request("server/discover", {"_meta": {**META, VERSION: 1}}), -32602, 7),
        (request("tools/list", {"_meta": {VERSION: MODERN[0]}}), -32602, 7),
        (request("tools/list", {"cursor": "x"}), -32602, 7),
        (request("tools/call"), -32602, 7),
        (request("tools/call", {"name": "nothing"}), -32602, 7),
        (request("tools/call", {"name": ["list"]}), -32602, 7),
        (request("tools/call", {"name": "list", "arguments": []}), -32602, 7),
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_is_none_is_answered_with_an_error(message: Any, expected: int, id_: Any) -> None:
    assert code(message, id_) == expected


@pytest.mark.parametrize(
    "message",
    [b"", b"  \r", {"jsonrpc": "2.0", "id": 7, "result": {}}, {"jsonrpc": "2.0", "method": "anything"}],
)
def test_what_is_never_answered(message: Any) -> None:
    assert steps(message) == []


def test_a_batch_is_answered_one_by_one() -> None:
    """As clients of 2025-03-26 may send it."""
    batch = [request("ping", id_=1), request("tools/call", {"name": "list"}, id_=2), "nothing"]
    first, second, third = steps(batch)
    assert isinstance(first, Say)
    assert first.message["id"] == 1
    assert second == Call(2, "list", {}, modern=False)
    assert isinstance(third, Say)
    assert third.message["error"]["code"] == -32600


def test_answers_to_calls() -> None:
    envelope = {"version": 1, "command": "list", "ok": True, "data": {"a": "ü"}, "errors": []}
    old, new = Call(1, "list", {}, modern=False), Call(2, "list", {}, modern=True)
    result = protocol.answered(old, envelope)["result"]
    assert (result["isError"], result["structuredContent"]) == (False, envelope)
    assert json.loads(result["content"][0]["text"]) == envelope
    assert protocol.answered(new, envelope)["result"]["resultType"] == "complete"
    assert protocol.answered(new, {**envelope, "ok": False})["result"]["isError"] is True
    result = protocol.answered(new, {}, "it took too long")["result"]
    assert (result["isError"], result["content"]) == (True, [{"type": "text", "text": "it took too long"}])
    assert "structuredContent" not in result


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.dictionaries(
    st.sampled_from(["jsonrpc", "id", "method", "params", "result"]), VALUES, max_size=5
)
METHODS = st.sampled_from(["initialize", "ping", "tools/list", "tools/call", "server/discover", "x"])


@given(st.binary(max_size=60) | VALUES | MESSAGES | st.builds(request, METHODS, VALUES))
def test_no_line_is_too_strange(message: Any) -> None:
    """Whatever comes, what is answered is a message, and nothing is raised."""
    for step in steps(message):
        if isinstance(step, Say):
            assert json.loads(json.dumps(step.message))["jsonrpc"] == "2.0"
