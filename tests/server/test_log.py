from __future__ import annotations

import logging

import pytest

from cost_mcp.server.log import QuietFormatter, frames, log_loop_failure, log_unexpected

SECRET = "the prompt text"


def fail() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise RuntimeError(f"could not read {SECRET}") from error


def failure() -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        fail()
    return caught.value


def test_a_traceback_shows_where_and_what_kind_but_not_what_was_said():
    text = frames(failure())
    assert SECRET not in text
    assert text.index("ValueError") < text.index("RuntimeError"), "the first cause comes first"
    assert "in fail" in text


def test_an_unexpected_failure_is_joined_to_its_log_line_by_an_id(caplog: pytest.LogCaptureFixture):
    sentence = log_unexpected(failure(), "record_call")
    mark = sentence.partition("(id ")[2].partition(")")[0]
    assert mark
    assert mark in caplog.text
    assert SECRET not in sentence
    assert SECRET not in caplog.text


def test_libraries_log_no_exception_s_words_either():
    error = failure()
    record = logging.LogRecord("lib", logging.ERROR, "p", 1, "handler raised", None, (type(error), error, error.__traceback__))
    line = QuietFormatter("%(message)s").format(record)
    assert line.startswith("handler raised\n")
    assert SECRET not in line


def test_the_event_loop_quotes_no_future(caplog: pytest.LogCaptureFixture):
    log_loop_failure(None, {"message": "Task exception was never retrieved", "exception": failure(), "future": SECRET})  # pyright: ignore[reportArgumentType] (the loop is not looked at)
    assert "Task exception was never retrieved" in caplog.text
    assert SECRET not in caplog.text
