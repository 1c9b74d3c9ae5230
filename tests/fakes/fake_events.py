"""The stream-json events of the fake claude, in the shapes that the recorded streams of the real one have."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Sequence
from typing import Any, Optional

from tests.fakes.fake_shapes import CACHE, FAST, TOOLS, USAGE, VERSION


class Talk:
    """One session's voice: it writes events to stdout and remembers what the result has to say."""

    def __init__(
        self, session: str, model: str, mode: str, spoken: bool = True, forbidden: Sequence[str] = ()
    ) -> None:
        self.session = session
        self.model = model
        self.mode = mode
        # A rule such as `Bash(rm:*)` leaves the tool itself in place.
        self.tools = [tool for tool in TOOLS if tool not in forbidden]
        self.spoken = spoken  # stream-json; else only the closing result is printed
        self.servers: list[dict[str, str]] = []
        self.began = False
        self.text = "done"
        self.turns = 1
        self.denials: list[dict[str, Any]] = []
        self.structured: Any = None
        self.cost = 0.0008
        self.tokens = (100, 20)
        self.cost_before = 0.0  # of earlier runs and results of this session
        self.tokens_before = (0, 0)
        self.results = 0
        self.last_result: dict[str, Any] = {}

    def write(self, data: bytes) -> None:
        """Bytes to stdout, unbuffered; like the real one, we go on when nobody can take them."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(1, view) :]
        except OSError:
            return

    def emit(self, event: dict[str, Any]) -> None:
        event = {key: value for key, value in event.items() if value is not ...}
        event = {**event, "session_id": self.session, "uuid": str(uuid.uuid4())}
        if self.spoken:
            self.write(json.dumps(event).encode() + b"\n")

    def init(self) -> None:
        self.began = True
        here = os.getcwd()
        event = {
            "type": "system",
            "subtype": "init",
            "cwd": here,
            "tools": self.tools,
            "mcp_servers": self.servers,
            "model": self.model,
            "permissionMode": self.mode,
            "slash_commands": ["compact", "context"],
            "terminal_slash_commands": ["doctor"],
            "apiKeySource": "ANTHROPIC_API_KEY" if os.environ.get("ANTHROPIC_API_KEY") else "none",
            "claude_code_version": VERSION,
            "output_style": "default",
            "agents": ["general-purpose"],
            "skills": [],
            "plugins": [],
            "capabilities": [],
            "analytics_disabled": True,
            "product_feedback_disabled": True,
            "served_by_anthropic": False,
            "original_cwd": here,
            "additional_directories": [],
            "messaging_socket_path": f"{os.environ.get('TMPDIR', '/tmp')}/cc-socks/{os.getpid()}.sock",
            "per_turn_effort_active": True,
            "ultrathink_available": False,
            "ultrathink_typed_raises": False,
            "view_mode": "default",
        }
        self.emit({**event, **FAST})

    def assistant(self, block: dict[str, Any], **more: Any) -> None:
        message = {
            "id": "msg_" + uuid.uuid4().hex[:24],
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [block],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self.tokens[0],
                "output_tokens": 1,
                **CACHE,
                "service_tier": "standard",
            },
            "context_management": None,
        }
        self.emit(
            {
                "type": "assistant",
                "message": message,
                "parent_tool_use_id": None,
                "timestamp": now(),
                "request_id": "req_fake",
                **more,
            }
        )

    def say(self, text: str) -> None:
        self.text = text
        self.assistant({"type": "text", "text": text})

    def call(self, tool: str, given: dict[str, Any]) -> str:
        """The model asks for a tool; the id of its call."""
        call = "toolu_" + uuid.uuid4().hex[:22]
        self.turns += 1
        self.assistant({"type": "tool_use", "id": call, "name": tool, "input": given})
        return call

    def tool_result(self, call: str, text: str, is_error: bool, decision: str = "accept") -> None:
        content = {"tool_use_id": call, "type": "tool_result", "content": text, "is_error": is_error}
        meta: dict[str, Any] = {"id": call, "permission_decision": {"decision": decision, "source": "config"}}
        if decision == "reject":
            meta["non_execution_kind"] = "user-rejected"
        self.emit(
            {
                "type": "user",
                "message": {"role": "user", "content": [content]},
                "parent_tool_use_id": None,
                "timestamp": now(),
                "tool_use_result": f"Error: {text}" if is_error else {"stdout": text, "stderr": ""},
                "tool_result_meta": [meta],
            }
        )

    def denied(self, tool: str, given: dict[str, Any]) -> None:
        call = self.call(tool, given)
        text = f"Claude requested permissions to use {tool}, but you haven't granted it yet."
        self.emit(
            {
                "type": "system",
                "subtype": "permission_denied",
                "tool_name": tool,
                "tool_use_id": call,
                "message": text,
            }
        )
        self.tool_result(call, text, True, "reject")
        self.denials.append({"tool_name": tool, "tool_use_id": call, "tool_input": given})

    def rate_limit(self, status: str, resets: int, kind: str) -> dict[str, Any]:
        """A rate_limit_event; its rate_limit_info without the windows, as the error that follows repeats it."""
        windows = {
            name: {
                "utilization": 1 if status == "rejected" and name == kind else 0.1,
                "resetsAt": resets,
                "status": status if name == kind else "allowed",
            }
            for name in ("five_hour", "seven_day")
        }
        info = {
            "status": status,
            "resetsAt": resets,
            "rateLimitType": kind,
            "overageStatus": "rejected",
            "overageDisabledReason": "org_level_disabled",
            "isUsingOverage": False,
        }
        self.emit({"type": "rate_limit_event", "rate_limit_info": {**info, "unifiedWindows": windows}})
        return info

    def api_error(self, name: str, status: Optional[int], text: str, **more: Any) -> None:
        """The assistant event by which the real one reports a failed request."""
        self.text = text
        told: dict[str, Any] = {"error": name, "is_api_error_message": True, **more}
        if status is None:
            told["request_id"] = ...
        else:
            told["api_error_status"] = status
        model, self.model = self.model, "<synthetic>"
        self.assistant({"type": "text", "text": text}, **told)
        self.model = model

    def retry(self, name: str, status: Optional[int], attempt: int) -> None:
        self.emit(
            {
                "type": "system",
                "subtype": "api_retry",
                "attempt": attempt,
                "max_retries": 10,
                "retry_delay_ms": 600,
                "error_status": status,
                "error": name,
            }
        )

    def result(self, **changes: Any) -> None:
        """The result event; `changes` replace its keys, and a value of `...` takes a key away."""
        event = {
            "type": "result",
            "subtype": "success",
            "is_error": False,
            "api_error_status": None,
            "terminal_reason": "completed",
            "stop_reason": "end_turn",
            "num_turns": self.turns,
            "result": self.text,
            "total_cost_usd": self.cost_before + self.cost,
            "duration_ms": 120,
            "duration_api_ms": 90,
            "ttft_ms": 80,
            "ttft_stream_ms": 80,
            "time_to_request_ms": 60,
            "first_content_frame_ms": 80,
            "usage": {"input_tokens": self.tokens[0], "output_tokens": self.tokens[1], **CACHE, **USAGE},
            "modelUsage": self._models(self.cost_before + self.cost, self.tokens_before),
            "model_usage_since_last_result": self._models(self.cost, (0, 0)),
            "permission_denials": self.denials,
            "subagent_stats": {"spawned": 0, "completed": 0, "failed": 0},
            "safety_stops": 0,
            "queued_turn_count": 0,
            "result_index": self.results,
            **FAST,
            **changes,
        }
        if self.structured is not None:
            event["structured_output"] = self.structured
        self.last_result = {key: value for key, value in event.items() if value is not ...}
        self.emit(self.last_result)
        self.results += 1
        self.cost_before += self.cost
        self.tokens_before = (self.tokens_before[0] + self.tokens[0], self.tokens_before[1] + self.tokens[1])

    def _models(self, cost: float, before: tuple[int, int]) -> dict[str, Any]:
        used = {
            "inputTokens": before[0] + self.tokens[0],
            "outputTokens": before[1] + self.tokens[1],
            "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0,
            "webSearchRequests": 0,
            "costUSD": cost,
            "contextWindow": 1000000,
            "maxOutputTokens": 128000,
        }
        return {self.model: used}


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
