from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from web import logs
from web.logs import JsonFormatter, TextFormatter, request_id


@pytest.fixture
def known() -> Iterator[None]:
    token = request_id.set("abc")
    yield
    request_id.reset(token)


def record(message: str, *values: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("some.module").makeRecord(
        "some.module", logging.INFO, __file__, 1, message, values, None, extra=extra
    )
    return made


def test_a_json_line_holds_what_is_known() -> None:
    line = JsonFormatter().format(record('a "%s"\nline', "quoted", status=200, odd={1, 2}))
    assert "\n" not in line
    parsed = json.loads(line)
    assert parsed.pop("time").endswith("+00:00")
    assert parsed == {
        "level": "INFO",
        "logger": "some.module",
        "message": 'a "quoted"\nline',
        "status": 200,
        "odd": "{1, 2}",
    }


@pytest.mark.usefixtures("known")
def test_a_line_tells_its_request() -> None:
    assert json.loads(JsonFormatter().format(record("x")))["request_id"] == "abc"
    assert TextFormatter().format(record("x")).endswith(" INFO: x [abc]")


def test_a_line_outside_of_requests_is_plain() -> None:
    assert TextFormatter().format(record("x")).endswith(" INFO: x")


def test_an_exception_stays_in_its_line() -> None:
    made = record("failed")
    try:
        raise ValueError("why")
    except ValueError:
        made.exc_info = sys.exc_info()
    parsed = json.loads(JsonFormatter().format(made))
    assert parsed["exception"].endswith("ValueError: why")
    assert "exc_info" not in parsed


@pytest.mark.parametrize(("form", "kind"), [("text", TextFormatter), ("json", JsonFormatter)])
def test_the_form_is_as_set(
    form: str, kind: type[logging.Formatter], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.RootLogger(logging.WARNING)
    monkeypatch.setattr(logging, "root", root)
    logs.configure(form, "DEBUG")  # type: ignore[arg-type]
    (handler,) = root.handlers
    assert isinstance(handler.formatter, kind)
    assert root.level == logging.DEBUG
