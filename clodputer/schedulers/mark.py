"""The mark of one of our units in its scheduler's own file: by it a unit is found whatever has become of its task."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import quote, unquote


class Mark(NamedTuple):
    """What one of our units says of itself: whose it is, and which alarm it serves."""

    home: str
    kind: str
    task: str

    def coded(self) -> Mark:
        """The same in ASCII letters without spaces; two hyphens, which would end a comment of XML, are not written together."""
        return Mark(*(quote(os.fsencode(word), safe="/").replace("--", "%2D%2D") for word in self))

    def decoded(self) -> Mark:
        """What was coded."""
        return Mark(*(unquote(word, errors="surrogateescape") for word in self))
