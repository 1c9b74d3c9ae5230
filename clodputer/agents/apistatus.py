"""What the HTTP status of a model's API says of a failure; its providers use the same ones."""

from __future__ import annotations

# Every reason is a code of model/outcome.py. 529 is Anthropic's for an API that is overloaded.
_REASONS = {
    400: "invalid_request",
    401: "auth",
    402: "billing",
    403: "auth",
    404: "model",
    413: "invalid_request",
    422: "invalid_request",
    429: "overloaded",
    529: "overloaded",
}


def reason(status: int) -> str:
    """The reason code of a run that failed with this status. Pure."""
    return _REASONS.get(status, "server_error" if status >= 500 else "invalid_request")
