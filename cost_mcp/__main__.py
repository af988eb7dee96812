"""The command ``cost-mcp``; the server starts without the command line's imports."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command given in ``sys.argv`` and end the process with its exit code."""
    if sys.argv[1:] == ["serve"]:
        from cost_mcp.server.serve import serve

        sys.exit(serve())
    from cost_mcp.cli.run import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
