"""What config.yaml says for all tasks; checked values only."""

from __future__ import annotations

from typing import NamedTuple

from clodputer.model.run import DEFAULT_MAX_OUTPUT


class Settings(NamedTuple):
    """The settings of one home. `claude`: absolute path of the binary, or empty to look for it. Sizes in bytes."""

    claude: str = ""
    max_output: int = DEFAULT_MAX_OUTPUT
