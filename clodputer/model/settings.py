"""What config.yaml says for all tasks; checked values only."""

from __future__ import annotations

from clodputer.model.run import DEFAULT_MAX_OUTPUT
from clodputer.model.values import NamedTuple


class Settings(NamedTuple):
    """The settings of one home. `claude`: absolute path of the binary, or empty to look for it. Sizes in bytes."""

    claude: str = ""
    max_output: int = DEFAULT_MAX_OUTPUT
