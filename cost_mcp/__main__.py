"""The command ``cost-mcp``; servers, hooks and status lines start without the command line's imports."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command given in ``sys.argv`` and end the process with its exit code."""
    _open_missing_streams()
    try:
        _run()
    except KeyboardInterrupt:  # while a command's modules were still being imported
        sys.exit(INTERRUPTED)


def _run() -> None:
    if sys.argv[1:] == ["serve"]:
        from cost_mcp.server.serve import serve

        sys.exit(serve())
    if sys.argv[1:] == ["hook"]:
        from cost_mcp.cli.hook import hook

        sys.exit(hook())
    if sys.argv[1:] == ["statusline"]:
        from cost_mcp.cli.statusline import statusline

        sys.exit(statusline())
    from cost_mcp.cli.run import run

    sys.exit(run(sys.argv[1:]))


def _open_missing_streams() -> None:
    """Let nothing take the place of a standard stream that was closed: the ledger's own file would be written to."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    streams = {"stdin": "r", "stdout": "w", "stderr": "w"}
    for fd, (name, mode) in enumerate(streams.items()):
        if getattr(sys, name) is None:
            setattr(sys, name, open(fd, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (open until the process ends)


if __name__ == "__main__":
    main()
