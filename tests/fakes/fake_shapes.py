"""Constants of the fake claude's events, and the changes that make a result one without a reply."""

from __future__ import annotations

from typing import Any

VERSION = "2.1.329"
FAST = {"fast_mode_state": "off", "fast_mode_disabled_reason": "sdk_opt_in_required"}
ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}
ERROR_TYPES.update({404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error"})
ERROR_TYPES.update({500: "api_error", 529: "overloaded_error"})
TOOLS = ["Task", "Bash", "Edit", "Read", "WebFetch", "Write"]
CACHE = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
USAGE = {"server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0}, "service_tier": "standard"}
REASONS = {"error_max_turns": "max_turns", "error_max_budget_usd": "budget_exhausted"}
# Of a result without a reply; `...` takes the key away.
NO_REPLY = dict.fromkeys(("ttft_ms", "ttft_stream_ms", "time_to_request_ms", "first_content_frame_ms"), ...)


def failure(subtype: str, message: str) -> dict[str, Any]:
    """The changes that make a result one without a reply."""
    return {
        "subtype": subtype,
        "is_error": True,
        "errors": [message],
        "terminal_reason": REASONS.get(subtype, "aborted_tools"),
        "result": ...,
        "api_error_status": ...,
        **NO_REPLY,
    }
