"""The view in a chat, in a real browser: hosted by the official bridge, fed with what a real server answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, Page, Route, async_playwright
from playwright.async_api import expect as assertions

from cost_mcp.config.settings import Settings
from cost_mcp.model.call import Rank
from cost_mcp.model.money import display_usd
from cost_mcp.service.opening import open_service

Spoken = Any  # as the fixtures beside this file make it: tests cannot import their conftest
Speak = Callable[..., Spoken]
Result = dict[str, Any]
expect: Any = assertions  # some of what it offers has no types

pytestmark = pytest.mark.asyncio(loop_scope="module")
BRIDGE = Path(__file__).parent / "bridge"
URI = "ui://cost/view"
HOST_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'none'"
)
"""What a host must impose on a view that declares nothing (SEP-1865, revision 2026-01-26)."""
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)> 🦊 مراجع " + "long" * 30
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PATIENCE_MS = 30_000
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript"}
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}


def lacking(why: str) -> None:
    """A person's run says what was not looked at; a checking machine fails."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@dataclass(slots=True)
class Host:
    """A chat with one view in it."""

    page: Page
    view: FrameLocator
    complaints: list[str]
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refuse: bool = False

    async def show(self, arguments: dict[str, Any], result: Result) -> None:
        """Give the view a tool's arguments and its result, as hosts do."""
        await self.page.evaluate("given => window.bridge.sendToolInput({arguments: given})", arguments)
        await self.page.evaluate("result => window.bridge.sendToolResult(result)", result)

    def button(self, name: str) -> Any:
        """A button of the view."""
        return self.view.get_by_role("button", name=name, exact=True)


Opens = Callable[..., Awaitable[Host]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium, once for all tests of this file."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        lacking("no Chromium on this machine: the view in a chat was not looked at (Debian: apt-get install chromium)")
    if not (BRIDGE / "node_modules" / "@modelcontextprotocol" / "ext-apps").is_dir():
        lacking("no host bridge on this machine: the view in a chat was not looked at (make bridge)")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def host(browser: Browser) -> AsyncIterator[Opens]:
    """Opens chats whose view may call the tools of one server process."""
    async with AsyncExitStack() as stack:

        async def opened(
            server: Spoken, theme: str | None = "light", system: str = "light", width: int = 700, **capabilities: object
        ) -> Host:
            context = await browser.new_context(color_scheme=system, viewport={"width": width, "height": 900})  # pyright: ignore[reportArgumentType] (a name of a scheme)
            stack.push_async_callback(context.close)
            page, complaints = await context.new_page(), list[str]()
            page.set_default_timeout(PATIENCE_MS)
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
            chat = Host(page, page.frame_locator("#view"), complaints)
            document = server.ask("resources/read", {"uri": URI})["result"]["contents"][0]["text"]

            async def answer(route: Route) -> None:
                await _serve(route, document, complaints)

            def call(params: dict[str, Any]) -> Result:
                chat.calls.append(params)
                if chat.refuse:
                    raise RuntimeError("the person said no")
                return server.call(params["name"], params["arguments"])

            await page.route("**/*", answer)
            await page.expose_function("callTool", call)  # pyright: ignore[reportUnknownMemberType] (half typed)
            await page.goto("http://host.test/host.html")
            await page.wait_for_function("window.ready === true")
            around = {} if theme is None else {"theme": theme}
            await page.evaluate(
                "([context, able]) => window.open_view(context, able)", [around, capabilities or {"serverTools": {}}]
            )
            return chat

        yield opened


async def _serve(route: Route, document: str, complaints: list[str]) -> None:
    """The host's files and the view, each from an origin of its own; nothing else is there."""
    at = route.request.url
    path = BRIDGE / at.removeprefix("http://host.test/")
    if at == "http://view.test/":
        await route.fulfill(body=document, content_type="text/html", headers={"content-security-policy": HOST_POLICY})
    elif at.startswith("http://host.test/") and path.is_file():
        await route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix])
    else:
        complaints.append(f"asked {at}")
        await route.abort()


@pytest.fixture
def server(speak: Speak) -> Spoken:
    """A server on an empty ledger."""
    spoken = speak()
    spoken.handshake()
    return spoken


@pytest.fixture
async def filled(server: Spoken, env: dict[str, str]) -> Spoken:
    """A server on a ledger with calls of today and of last month, a budget with money held, an unpriced model."""
    async with open_service(Settings(db=env["COST_MCP_DB"])) as service:
        await service.set_budget({"name": "daily", "limit": "2", "period": "day", "timezone": "UTC"}, changed_by="test")
        before = (datetime.now(UTC).replace(day=1) - timedelta(days=3)).isoformat()
        old = {"model": "gpt-5", "input_tokens": 3_000_000, "agent": "coder", "occurred_at": before}
        await service.record(old, source="cli", rank=Rank.RESPONSE)
    calls = [
        {"model": "gpt-5", "input_tokens": 400_000, "agent": "coder", "task_id": "T-1", "task_title": "Fix the door"},
        {"model": "gpt-5-mini", "input_tokens": 900_000, "agent": "reviewer", "task_id": "T-1", "task_type": "fix"},
        {"model": "mystery-9", "input_tokens": 12, "agent": "coder", "task_id": "T-2"},
    ]
    for call in calls:
        assert "isError" not in server.call("record_call", {**call, "output_tokens": 100})
    assert "reservation_id" in server.call("reserve_budget", {"amount_usd": "0.5"})["structuredContent"]
    return server


async def test_a_report_is_drawn_as_it_was_answered_and_another_period_when_a_button_is_pressed(host: Opens, filled: Spoken):
    asked = {"period": "today", "group_by": ["agent"]}
    result = filled.call("get_cost_report", asked)
    chat = await host(filled)
    await chat.show(asked, result)
    today = display_usd(Decimal(result["structuredContent"]["total_cost_usd"]))
    await expect(chat.view.locator(".figure")).to_have_text(f"≥ {today}")
    await expect(chat.button("Today")).to_have_attribute("aria-pressed", "true")
    await expect(chat.view.get_by_role("row", name="mystery-9")).to_contain_text("unpriced")

    await chat.button("Last month").press("Enter")
    then = filled.call("get_cost_report", {"period": "last_month"})["structuredContent"]
    await expect(chat.view.locator(".figure")).to_have_text(display_usd(Decimal(then["total_cost_usd"])))
    await expect(chat.button("Last month")).to_have_attribute("aria-pressed", "true")
    await expect(chat.button("Last month")).to_be_focused()
    await expect(chat.view.locator(".chart rect")).to_have_count(1)
    called = {"name": "get_cost_report", "arguments": {"timezone": "UTC", **asked, "period": "last_month", "trend": True}}
    assert chat.calls == [called]
    assert chat.complaints == []


async def test_budgets_show_what_is_spent_and_what_is_held_apart_and_lead_to_reports_and_back(host: Opens, filled: Spoken):
    result = filled.call("get_budget_status", {"estimated_cost_usd": "5"})
    chat = await host(filled)
    await chat.show({}, result)
    (daily,) = result["structuredContent"]["budgets"]
    widths = {
        kind: float(await chat.view.locator(f"rect.{kind}").get_attribute("width") or 0) for kind in ("spent", "reserved")
    }
    assert widths == {"spent": daily["used_percent"], "reserved": 25.0}
    await expect(chat.view.locator("p strong")).to_have_text(result["structuredContent"]["decision"])
    await chat.view.get_by_text("The same as a table").click()
    await expect(chat.view.get_by_role("row", name="daily")).to_contain_text(display_usd(Decimal(daily["spent_usd"])))
    await chat.button("This month").click()
    await expect(chat.view.get_by_role("heading", level=1)).to_have_text("Cost report")
    await chat.button("Back to the budgets").click()
    await expect(chat.view.get_by_role("heading", level=1)).to_have_text("Budgets")
    assert chat.complaints == []


async def test_a_task_is_drawn_with_its_parts_and_its_budgets(host: Opens, filled: Spoken):
    result = filled.call("get_task_cost", {"task_id": "T-1"})
    chat = await host(filled)
    await chat.show({"task_id": "T-1"}, result)
    await expect(chat.view.get_by_role("heading", level=1)).to_have_text("Task Fix the door")
    await expect(chat.view.locator(".figure")).to_have_text(display_usd(Decimal(result["structuredContent"]["cost_usd"])))
    for name, cost in result["structuredContent"]["by_model"].items():
        await expect(chat.view.get_by_role("row", name=name).first).to_contain_text(display_usd(Decimal(cost)))
    await expect(chat.view.locator(".budget .name")).to_contain_text("daily")
    await chat.button("Today").click()
    await expect(chat.view.get_by_text("Only task id T-1")).to_be_visible()
    assert chat.calls[0]["arguments"] == {"task_id": "T-1", "period": "today", "trend": True}
    assert chat.complaints == []


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("get_cost_report", {}, "Nothing recorded yet in this period"),
        ("get_task_cost", {"task_id": "T-1"}, "Nothing recorded yet for this task"),
        ("get_budget_status", {}, "No budget covers this"),
    ],
)
async def test_an_empty_ledger_is_said_to_be_empty(
    host: Opens, server: Spoken, tool: str, arguments: dict[str, str], words: str
):
    chat = await host(server)
    await chat.show(arguments, server.call(tool, arguments))
    await expect(chat.view.get_by_role("heading", name=words)).to_be_visible()
    if tool != "get_budget_status":
        await expect(chat.view.locator(".figure")).to_have_text("$0.00")
    assert chat.complaints == []


@pytest.mark.parametrize("width", [320, 900])
async def test_hostile_names_are_text(host: Opens, server: Spoken, env: dict[str, str], width: int):
    async with open_service(Settings(db=env["COST_MCP_DB"])) as service:
        await service.set_budget({"name": "each", "limit": "2", "period": "total", "each": "task_id"}, changed_by="test")
    named = dict.fromkeys(("agent", "project", "task_id", "task_title", "purpose"), HOSTILE)
    for model in ("gpt-5", "__proto__"):
        server.call("record_call", {"model": model, "input_tokens": 100_000, **named})
    chat = await host(server, width=width)
    for tool, arguments, sight in (
        ("get_cost_report", {"group_by": ["agent", "model"]}, "th .long"),
        ("get_budget_status", {"task_id": HOSTILE}, ".name .long"),
        ("get_task_cost", {"task_id": HOSTILE}, "h1 .long"),
    ):
        await chat.show(arguments, server.call(tool, arguments))
        await expect(chat.view.locator(sight, has_text=HOSTILE).first).to_be_visible()
        assert await chat.view.locator("img, main script").count() == 0
        assert "[object" not in await chat.view.locator("main").inner_text()
        over = await chat.view.locator("html").evaluate("root => root.scrollWidth - root.clientWidth")
        assert over <= 0, tool
    assert chat.complaints == []


@pytest.mark.parametrize("system", ["light", "dark"])
async def test_the_view_is_as_light_or_dark_as_the_host_and_else_as_the_system(host: Opens, filled: Spoken, system: str):
    async def paper(chat: Host) -> str:
        return await chat.view.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")

    chat = await host(filled, theme=None, system=system)
    assert await paper(chat) == PAPER[system]
    for theme in ("dark", "light"):
        await chat.page.evaluate("theme => window.bridge.setHostContext({theme})", theme)
        await expect(chat.view.locator("html")).to_have_attribute("data-theme", theme)
        assert await paper(chat) == PAPER[theme]
    assert chat.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_picture_shuts_anyone_out(host: Opens, filled: Spoken, theme: str):
    chat = await host(filled, theme=theme, width=390)
    for tool, arguments, sight in (
        ("get_cost_report", {"group_by": ["agent"], "trend": True, "compare": True}, "svg[role=img]"),
        ("get_budget_status", {"estimated_cost_usd": "5"}, "p strong"),
        ("get_task_cost", {"task_id": "T-1"}, "h1 .long"),
    ):
        await chat.show(arguments, filled.call(tool, arguments))
        await expect(chat.view.locator(sight)).to_be_visible()
        assert await _violations(chat) == [], tool
    assert chat.complaints == []


async def _violations(chat: Host) -> list[tuple[str, str]]:
    """What shuts people out: the rule that is broken, and where first."""
    axe: Any = import_module("axe_playwright_python.async_playwright").Axe()  # has no types of its own
    frame = next(frame for frame in chat.page.frames if frame.url == "http://view.test/")
    found: list[dict[str, Any]] = (await axe.run(frame)).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


async def test_dollars_are_written_as_everywhere_else(host: Opens, filled: Spoken):
    result = filled.call("get_cost_report", {})
    amounts = [
        "1234567.891", "1000", "999.995", "999.985", "0.015", "0.025", "0.01", "0.0099999", "0.009949999", "0.00123",
        "0.000000125", "0.000000012", "0.000000001", "1.005", "12345678901.5",
    ]  # fmt: skip
    structure = {**result["structuredContent"], "by_model": {f"m{n}": amount for n, amount in enumerate(amounts)}}
    chat = await host(filled)
    await chat.show({}, {**result, "structuredContent": structure})
    shown = await chat.view.locator(".shares").first.locator("td").all_inner_texts()
    known = [text for text in shown if text != "unpriced"]
    assert known == [display_usd(amount) for amount in sorted(map(Decimal, amounts), reverse=True)]


async def test_a_call_the_host_refuses_leaves_the_picture_and_says_so(host: Opens, filled: Spoken):
    chat = await host(filled)
    await chat.show({}, filled.call("get_cost_report", {"period": "today"}))
    figure = await chat.view.locator(".figure").inner_text()
    chat.refuse = True
    await chat.button("Last month").click()
    await expect(chat.view.get_by_role("status")).to_contain_text("The host did not answer")
    assert await chat.view.locator(".figure").inner_text() == figure
    await expect(chat.button("Today")).to_have_attribute("aria-pressed", "true")


async def test_a_refusal_of_the_tool_is_shown_in_its_own_words(host: Opens, server: Spoken):
    chat = await host(server)
    refused = server.call("get_cost_report", {"period": "someday"})
    await chat.show({"period": "someday"}, refused)
    await expect(chat.view.get_by_role("status")).to_have_text(refused["content"][0]["text"])
    assert chat.complaints == []


async def test_a_host_that_passes_no_calls_on_gets_no_buttons(host: Opens, filled: Spoken):
    chat = await host(filled, openLinks={})
    await chat.show({}, filled.call("get_cost_report", {}))
    await expect(chat.view.locator(".figure")).to_be_visible()
    await expect(chat.button("Today")).to_be_hidden()


async def test_the_host_learns_how_high_the_view_is_and_can_end_it(host: Opens, filled: Spoken):
    chat = await host(filled)
    await chat.show({}, filled.call("get_cost_report", {}))
    await expect(chat.view.locator(".figure")).to_be_visible()
    height = await chat.view.locator("html").evaluate("root => Math.ceil(root.getBoundingClientRect().height)")
    await chat.page.wait_for_function("height => window.heights.at(-1) === height", arg=height)
    assert await chat.page.evaluate("window.bridge.teardownResource({})") == {}
    assert chat.complaints == []
