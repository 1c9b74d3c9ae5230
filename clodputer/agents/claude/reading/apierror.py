"""An error of the API, as the events of claude's stream name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.agents.lines import amount, count, text


class ApiError(NamedTuple):
    """An error of the API as an event names it: three fields, any of them empty.

    delay: of one that claude tries again by itself, the seconds until then: its own backoff, or the API's `retry-after`, if
    that is short. After a long `retry-after` claude gives up at once, and its events do not say how long it was (2.1.332).
    """

    error: str = ""
    status: Optional[int] = None
    api_error: str = ""
    delay: Optional[float] = None


def of_reply(event: Mapping[str, Any]) -> ApiError:
    """The error that an `assistant` event reports in the place of a reply."""
    return ApiError(
        text(event.get("error")), count(event.get("api_error_status")), text(event.get("api_error"))
    )


def of_retry(event: Mapping[str, Any]) -> ApiError:
    """The error for which claude tries a call again, as an `api_retry` event says."""
    delay = amount(event.get("retry_delay_ms"))
    return ApiError(
        text(event.get("error")),
        count(event.get("error_status")),
        delay=None if delay is None else delay / 1000,
    )
