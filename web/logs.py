"""One log for everything: text for people or JSON for programs, each line with its request's id."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Literal

request_id: ContextVar[str] = ContextVar("request_id", default="")
STANDARD = {
    *vars(logging.makeLogRecord({})),
    "message",
    "asctime",
    "color_message",
}  # uvicorn's last


def configure(form: Literal["text", "json"], level: str) -> None:
    """Send the root logger's records to stderr in this form."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("httpx").setLevel("WARNING")  # else one line for each request it makes


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00,000 INFO: message [request id]`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return f"{line} [{current}]" if (current := request_id.get()) else line


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, request_id, and what `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, object] = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        line.update((name, value) for name, value in vars(record).items() if name not in STANDARD)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
