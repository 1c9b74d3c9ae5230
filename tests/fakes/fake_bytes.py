"""Output of the fake claude that no parser likes: torn lines, and far too much of it."""

from __future__ import annotations

from collections.abc import Iterator

TORN = (
    b'{"type":"assistant","message":{"content":[{"type":"te\n'
    b'{"type":"result","subtype":"success","is_err{"type":"rate_limit_event"}\n'
    b'\xff\xfe not utf-8\n\n[]\n"text"\nnull\n{"type":17}\n{"no":"type"}\n'
)
CUT_RESULT = b'{"type":"result","subtype":"success","is_error":false,"num_tur'

HEAD = b'{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"text":"'
PIECE = 1_000_000


def flood(megabytes: float, session: str, one_line: bool) -> Iterator[bytes]:
    """About so many megabytes of stream events: lines of 8 kB, or a single line."""
    left = int(megabytes * 1_000_000)
    tail = b'"}},"session_id":"%s"}\n' % session.encode()
    if one_line:
        yield HEAD
        for sent in range(0, left, PIECE):
            yield b"x" * min(PIECE, left - sent)
        yield tail
        return
    line = HEAD + b"x" * 8000 + tail
    lines, block = left // len(line) + 1, line * 128
    for _ in range(lines // 128):
        yield block
    yield line * (lines % 128)
