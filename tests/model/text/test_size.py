"""Sizes as people write them."""

from __future__ import annotations

import pytest

from clodputer.model.text.size import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10B", 10),
        ("500KB", 512_000),
        ("500 kb", 512_000),
        ("1K", 1024),
        ("1KiB", 1024),
        ("200MB", 200 * 1024**2),
        ("1.5 GB", 3 * 1024**3 // 2),
        ("2g", 2 * 1024**3),
        ("1T", 1024**4),
        ("0MB", 0),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """A number and a unit, each 1024 times the one before."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "MB",
        "-5MB",
        "5 bananas",
        "1.5B",
        "5MBit",
        "\u0665MB",
        "1e3KB",
        "5 M B",
        "9" * 400 + "MB",
        "x" * 9999,
    ],
)
def test_no_sizes(text: str) -> None:
    """Anything else is an error that says what to write."""
    with pytest.raises(
        ValueError, match=r"not a size: .*; write a number and a unit, such as 500KB"
    ) as caught:
        parse_size(text)
    assert len(str(caught.value)) < 150
