"""HTTP requests read strictly: what is taken, and with which status all else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.webhook import http
from clodputer.model.webhook.http import LARGEST_BODY, LARGEST_HEAD, Refused, head

POST = b"POST /hook/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"


def test_a_request_is_read_in_pieces() -> None:
    whole = POST + b"X-Two: a\r\nx-two:\tb \r\n\r\n{}more"
    end = whole.index(b"\r\n\r\n") + 4
    for cut in range(end):
        assert head(whole[:cut]) is None
    found = head(whole)
    assert found is not None
    read, rest = found
    assert (read.method, read.path, read.query, read.length, read.expects) == (
        "POST",
        "/hook/x",
        "",
        2,
        False,
    )
    assert read.headers["x-two"] == "a, b"
    assert rest == b"{}more"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz?x=1 HTTP/1.0\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        POST + b"Expect: 100-Continue\r\n\r\n",
        POST + b"X: \xe9\r\n\r\n",
        POST.replace(b" 2", b" 0") + b"\r\n",
    ],
)
def test_taken(request_: bytes) -> None:
    assert head(request_) is not None


REFUSED = {
    b"\x16\x03\x01": 400,
    b" GET / HTTP/1.1\r\n\r\n": 400,
    b"GET /\r\n\r\n": 400,
    b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n": 400,
    b"GET / FTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET * HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 505,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"POST /hook/x HTTP/1.1\r\nHost: a\r\n\r\n": 411,
    POST + b"Transfer-Encoding: chunked\r\n\r\n": 411,
    POST + b"Content-Length: 2\r\n\r\n": 400,
    POST + b"Host: b\r\n\r\n": 400,
    POST + b"Space : x\r\n\r\n": 400,
    POST + b"X: a\x00b\r\n\r\n": 400,
    POST + b"X: a\r\n folded\r\n\r\n": 400,
    POST + b"no colon\r\n\r\n": 400,
    POST.replace(b" 2", b" +2") + b"\r\n": 400,
    POST.replace(b" 2", b" -2") + b"\r\n": 400,
    POST.replace(b" 2", b" 2, 2") + b"\r\n": 400,
    POST.replace(b" 2", b" 0x2") + b"\r\n": 400,
    POST.replace(b" 2", b" %d" % (LARGEST_BODY + 1)) + b"\r\n": 413,
    POST + b"X: " + b"a" * LARGEST_HEAD: 431,
    POST + b"X: " + b"a" * LARGEST_HEAD + b"\r\n\r\n": 431,
}


@pytest.mark.parametrize("request_", REFUSED)
def test_refused(request_: bytes) -> None:
    with pytest.raises(Refused) as refused:
        head(request_)
    assert refused.value.status == REFUSED[request_]
    assert refused.value.status in http.REASONS


@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([*REFUSED, POST, b"\r\n", b"\r\n\r\n"])).map(b"".join)
)
def test_whatever_comes_is_a_request_or_refused_or_not_whole(received: bytes) -> None:
    found = None
    try:
        found = head(received)
    except Refused as refused:
        status = refused.status
    else:
        status = 200
    assert status in http.REASONS
    assert found is None or 0 <= found[0].length <= LARGEST_BODY


def test_an_answer_to_head_has_no_body() -> None:
    assert http.answer(200, "ok", bodiless=True).endswith(b"\r\n\r\n")
    assert http.answer(200, "ok").endswith(b"\r\n\r\nok")
    assert b"Content-Length: 2\r\n" in http.answer(200, "ok", bodiless=True)
