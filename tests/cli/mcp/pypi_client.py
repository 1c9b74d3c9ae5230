"""A client made of the package `mcp`, as a program: `pypi_client.py MODE ARGUMENTS...` speaks with the server that these start.

It prints what it found as JSON. MODE: auto, which asks first and needs no handshake, or legacy.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import mcp
from mcp.client.stdio import StdioServerParameters, stdio_client


async def visit(mode: str, words: list[str]) -> dict[str, Any]:
    """List the tools, call some, and one that there is not."""
    server = StdioServerParameters(command=words[0], args=words[1:], env=dict(os.environ))
    async with mcp.Client(stdio_client(server), mode=mode) as client:
        listed = await client.list_tools()
        made = await client.call_tool("create", {"name": f"by-{mode}", "task": {"prompt": "Hello."}})
        refused = await client.call_tool(
            "edit", {"task": f"by-{mode}", "set": {"permission_mode": "acceptEdits"}}
        )
        unfit = await client.call_tool("show", {"off": 1})
        try:
            await client.call_tool("nothing", {})
            unknown = 0
        except mcp.MCPError as error:
            unknown = error.error.code
        return {
            "version": client.protocol_version,
            "instructions": client.instructions,
            "tools": [tool.name for tool in listed.tools],
            "made": made.structured_content,
            "refused": [refused.is_error, refused.structured_content],
            "unfit": [unfit.is_error, unfit.content[0].text],
            "unknown": unknown,
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(visit(sys.argv[1], sys.argv[2:]))))
