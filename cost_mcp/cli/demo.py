"""``demo``: a scripted agent, a real server, and what its ledger shows."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.demo_script import BUDGET, BUDGET_COMMAND, LEFT_OUT, SCRIPT, Step
from cost_mcp.cli.options import pass_surroundings
from cost_mcp.cli.output import put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.views.terminal_page import BLANK, Page, Span, line

if TYPE_CHECKING:
    from cost_mcp.model.budget import Budget
    from cost_mcp.service.service import Service

_KEPT = ("COST_MCP_TIMEZONE", "COST_MCP_WEEK_START", "COST_MCP_DEBUG")


@click.command()
@pass_surroundings
def demo(around: Surroundings) -> None:
    """Watch a scripted agent spend and keep to a budget.

    It talks MCP to a real server in a process of its own, on a ledger that is thrown away afterwards. Nothing is sent
    anywhere, no model is called: the responses are made up, their shapes and prices are real.
    """
    with tempfile.TemporaryDirectory(prefix="cost-mcp-demo-") as folder:
        here = Path(folder)
        inside = Surroundings(environ=_environment(around.environ, here), cwd=here, clock=around.clock)

        async def limit(service: Service) -> Budget:
            return await service.set_budget(BUDGET, changed_by="demo")

        put_page(
            (
                line(Span("A person allows 50 cents a day, and takes models without a known price for dear ones.", "strong")),
                line(Span(f"$ {BUDGET_COMMAND}", "name")),
                BLANK,
                line(Span("An agent starts its server and goes to work.", "strong")),
            )
        )
        inside.within(limit)
        asyncio.run(_perform(inside))
        put_page(
            (BLANK, line(Span("Meanwhile, at the person's terminal:", "strong")), line(Span("$ cost-mcp today", "name")), BLANK)
        )
        _today(inside)
        put_page(
            (
                BLANK,
                line(Span("That ledger is gone again. Yours begins with: cost-mcp serve, in your agent's settings.", "dim")),
                line(
                    Span("With ", "dim"),
                    Span("COST_MCP_CAPTURE=auto", "name"),
                    Span(" in its env it also brings in what the agents on this machine log, old and new: then ask it", "dim"),
                ),
                line(Span("what your agents cost this week.", "dim")),
            )
        )


async def _perform(inside: Surroundings) -> None:
    from cost_mcp.server.rehearsal import agent_of

    async with agent_of(inside.environ, inside.cwd) as ask:
        held: object = None
        for step in SCRIPT:
            settling = {"reservation_id": held} if step.settles else {}
            answer = await ask(step.tool, {**step.arguments, **settling})
            held = answer.structure.get("reservation_id", held)
            put_page(_step_page(step, answer.text))


def _step_page(step: Step, answer: str) -> Page:
    texts = answer.splitlines()
    if step.tool in {"record_call", "reserve_budget"}:
        texts = [text for text in texts if not text.startswith(LEFT_OUT)]
        texts = texts[:1] if step.again else texts
    shown = tuple(line("    ", Span(text, "dim")) for text in texts)
    return (BLANK, line(Span("● ", "ok"), step.says, Span(f"  {step.tool}", "name")), *shown)


def _today(inside: Surroundings) -> None:
    from cost_mcp.cli.reading import show_today

    with inside.quick() as quick:
        show_today(quick, None)


def _environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The process's environment without what this user set for cost-mcp: the demo touches no ledger and no file of theirs."""
    kept = {name: value for name, value in environ.items() if not name.startswith("COST_MCP_") or name in _KEPT}
    return kept | {
        "COST_MCP_DB": str(folder / "ledger.db"),
        "COST_MCP_CONFIG": "",
        "COST_MCP_PROJECT": "shop",
        "XDG_DATA_HOME": str(folder / "data"),
    }
