"""The page's endpoints as tools for agents (Model Context Protocol), where that is switched on."""

from __future__ import annotations

import ipaddress
import logging
from importlib.util import find_spec

import gradio as gr

from settings import Settings

LISTS_OF_FILES = ("batch",)  # Gradio 6.31 cannot hand a tool more than one file in a parameter

logger = logging.getLogger(__name__)


def obstacle(settings: Settings) -> str:
    """Why there is no MCP server although it was asked for; empty where there is none."""
    if find_spec("mcp") is None:
        return "the package mcp is missing, run `pip install 'mcp<2'`"
    if settings.port == 0:
        return "it needs a PORT that is known beforehand"
    return ""


def offered(settings: Settings) -> bool:
    """Whether to offer an MCP server."""
    return settings.mcp_server and not obstacle(settings)


def install(page: gr.Blocks, settings: Settings) -> None:
    """Let the mounted page's MCP server call this service alone; say in the log how it stands.

    Gradio 6.31 calls the tools over HTTP at the address that the first request names in its Host
    or X-Forwarded-Host header, and keeps it: anybody could send the server, and with it all later
    visitors' pictures, elsewhere.
    """
    if page.mcp_server_obj is not None:
        for tool in LISTS_OF_FILES:
            page.mcp_server_obj.tool_to_endpoint.pop(tool, None)
        page.mcp_server_obj._local_url = f"http://{_own_host(settings.host)}:{settings.port}"
        logger.info("MCP server at /gradio_api/mcp/")
    elif settings.mcp_server:
        logger.warning("No MCP server: %s", obstacle(settings) or "Gradio could not start it")


def _own_host(host: str) -> str:
    """Where a service that listens on `host` is reached from its own machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
