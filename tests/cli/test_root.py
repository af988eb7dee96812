from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from cost_mcp.cli.root import COMMANDS, root

if TYPE_CHECKING:
    from conftest import Cli

README = Path(__file__).parents[2] / "README.md"


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(root, info_name="cost-mcp")

    def under(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield f"{path} {name}", command
            if isinstance(command, click.Group):
                yield from under(f"{path} {name}", command)

    return under("cost-mcp", root)


ALL = dict(every_command())


def test_help_lists_every_command_with_its_first_line(cli: Cli):
    ran = cli("--help")

    assert ran.code == 0
    for name, (_, first_line) in COMMANDS.items():
        assert f"  {name} " in ran.out
        assert first_line in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_listed_line_is_the_commands_own(name: str):
    assert ALL[f"cost-mcp {name}"].get_short_help_str(limit=200) == COMMANDS[name][1]


@pytest.mark.parametrize("path", ALL)
def test_every_command_and_every_option_has_help(path: str):
    command = ALL[path]

    assert command.help
    for option in command.params:
        assert isinstance(option, click.Argument) or getattr(option, "help", None), f"{path} {option.name}"


@pytest.mark.parametrize("path", ALL)
def test_every_command_that_answers_takes_json(path: str):
    speaks_to_people_only = {"cost-mcp serve", "cost-mcp demo", "cost-mcp hook", "cost-mcp statusline", "cost-mcp prices"}
    speaks_to_people_only |= {"cost-mcp prices import", "cost-mcp dashboard"}
    takes_json = any("--json" in option.opts for option in ALL[path].params)

    assert takes_json is (path not in speaks_to_people_only)


@pytest.mark.parametrize("path", ALL)
def test_every_command_stands_in_the_readme(path: str):
    assert path in README.read_text(encoding="utf-8")


def test_the_version_is_told(cli: Cli):
    assert cli("--version").out.startswith("cost-mcp ")
