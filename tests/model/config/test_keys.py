"""Keys as plain data."""

from __future__ import annotations

import pytest

from clodputer.model.config import keys
from clodputer.model.config.keys import Key

TABLE = (
    Key("schedule", keys.TEXT, required=True),
    Key("jitter", keys.DURATION, 0.0),
    Key("overlap", keys.CHOICE, "coalesce", choices=("coalesce", "queue")),
)


def test_what_holds_when_nothing_is_written() -> None:
    assert keys.defaults(TABLE) == {"jitter": 0.0, "overlap": "coalesce"}


def test_keys_by_their_names() -> None:
    assert list(keys.named(TABLE)) == ["schedule", "jitter", "overlap"]
    with pytest.raises(ValueError, match="schedule is declared twice"):
        keys.named((*TABLE, TABLE[0]))


@pytest.mark.parametrize(
    ("key", "filled"),
    [
        (Key("jitter", keys.DURATION), keys.READING),
        (Key("overlap", keys.CHOICE), keys.READING),
        (Key("prompt", keys.TEMPLATE), keys.STARTING),
        (Key("command", keys.ARGUMENTS), keys.STARTING),
        (Key("name", keys.NAME, env=keys.NEVER), keys.NEVER),
    ],
)
def test_numbers_and_choices_are_filled_in_when_the_file_is_read_and_texts_when_a_run_starts(
    key: Key, filled: str
) -> None:
    assert key.filled() == filled
