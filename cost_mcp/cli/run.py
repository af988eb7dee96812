"""A command from its words to its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from cost_mcp.cli.failure import WRONG, tell, tell_unexpected, tell_usage
from cost_mcp.cli.output import Unwritten
from cost_mcp.cli.root import root
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import CostError

INTERRUPTED = 130


def run(words: Sequence[str], surroundings: Surroundings | None = None) -> int:
    """Run one command; answers its exit code: 0 done, 1 refused or a negative answer, 2 wrong use or an error."""
    try:
        around = surroundings or Surroundings()
    except CostError as error:
        return tell(error, as_json="--json" in words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a bar shows a question mark instead
    try:
        answer: object = root.main(list(words), prog_name="cost-mcp", standalone_mode=False, obj=around)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click turns the one into the other
        _leave_stdout()  # whoever read us has seen enough
        return 0
    except Unwritten as error:
        _leave_stdout()
        sentence = f"the answer cannot be written ({error}). What the command does is done; only its answer is lost."
        return tell_usage(sentence, "Look again, to another place.", as_json=False)
    except Exception as error:  # noqa: BLE001 (the outermost place: what nobody foresaw becomes a sentence with an id)
        return _told(error, around, as_json="--json" in words)
    return answer if isinstance(answer, int) and 0 <= answer <= WRONG else 0


def _leave_stdout() -> None:
    """Point stdout elsewhere, so that closing it at exit does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: Exception, around: Surroundings, *, as_json: bool) -> int:
    if isinstance(error, CostError):
        return tell(error, as_json=as_json)
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx is not None else "cost-mcp"
        return tell_usage(error.format_message(), f"See `{path} --help`.", as_json=as_json)
    if isinstance(error, click.ClickException):
        return tell_usage(error.format_message(), "", as_json=as_json)
    return tell_unexpected(error, around.environ, as_json=as_json)
