"""The pages in a real browser: what it complains of, what it asks for, what a reader with a screen reader meets."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from cost_mcp.model.call import Rank
from cost_mcp.service.service import Service

Dashboard = Any  # as the fixture beside this file makes it: tests cannot import their conftest

PAGES = ("/", "/calls", "/tasks", "/budgets", "/alerts", "/savings", "/prices", "/prices?model=gpt-5")
HOSTILE = "\"><script>alert('x')</script> 🦊 مراجع " + "long" * 40
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 30_000


def chromium() -> str:
    """The system's browser; without one a person's run says so, and a checking machine fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        why = "no Chromium on this machine: the dashboard was not looked at in a browser (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture
async def open_context() -> AsyncIterator[Callable[..., Any]]:
    """Opens browser windows; everything they complain of or ask elsewhere for is in ``complaints``."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        yield browser.new_context
        await browser.close()


async def watched(context: BrowserContext, dashboard: Dashboard) -> tuple[Page, list[str]]:
    """A page that was let in, and the list it writes its complaints to."""
    page, complaints = await context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: _elsewhere(request.url, complaints))
    await page.goto(f"http://127.0.0.1:{dashboard.port}/enter?token={dashboard.token}")
    dashboard.next_token()
    return page, complaints


def _elsewhere(url: str, complaints: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:")):
        complaints.append(f"asked {url}")


async def serious_violations(page: Page) -> list[tuple[str, str]]:
    """What shuts people out: the rule that is broken, and where first."""
    axe: Any = import_module("axe_playwright_python.async_playwright").Axe()  # has no types of its own
    found: list[dict[str, Any]] = (await axe.run(page)).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


async def filled(service: Service) -> None:
    """A ledger with names nobody would want, budgets in every state, an unpriced model."""
    await service.set_budget({"name": "daily", "limit": "1", "period": "day"}, changed_by="test")
    await service.set_budget({"name": "tasks", "limit": "5", "period": "total", "each": "task_id"}, changed_by="test")
    for n in range(12):
        given = {"model": "gpt-5", "input_tokens": 100_000, "output_tokens": 1_000, "agent": "coder", "call_id": f"c{n}"}
        await service.record(given | {"task_id": f"T-{n % 4}", "task_type": "fix"}, source="python", rank=Rank.RESPONSE)
    odd = {"model": "mystery-9", "input_tokens": 1, "call_id": "odd", "agent": HOSTILE, "project": HOSTILE, "task_id": HOSTILE}
    await service.record(odd | {"task_title": HOSTILE}, source="python", rank=Rank.RESPONSE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("content", ["empty", "filled"])
async def test_no_page_complains_asks_elsewhere_shuts_anyone_out_or_runs_over_its_edge(
    open_context: Callable[..., Any], dashboard: Dashboard, service: Service, scheme: str, content: str
):
    if content == "filled":
        await filled(service)
    context: BrowserContext = await open_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page, complaints = await watched(context, dashboard)
    more = ("/call?id=c1", "/call?id=odd", "/task?id=T-1") if content == "filled" else ()
    for path in (*PAGES, *more):
        await page.goto(f"http://127.0.0.1:{dashboard.port}{path}")
        assert await serious_violations(page) == [], path
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, path
    assert complaints == []


async def test_a_page_shows_what_another_process_records_without_being_asked(
    open_context: Callable[..., Any], dashboard: Dashboard, service: Service
):
    page, complaints = await watched(await open_context(), dashboard)
    await expect(page.locator(".ticker .figure").first).to_have_text("$0.00")
    await expect(page.locator("#live")).to_have_text("Live", timeout=PATIENCE_MS)
    given = {"model": "gpt-5", "input_tokens": 1_000_000, "output_tokens": 0, "call_id": "a"}
    await service.record(given, source="python", rank=Rank.RESPONSE)
    await expect(page.locator(".ticker .figure").first).to_have_text("$1.25", timeout=PATIENCE_MS)
    assert complaints == []


async def test_a_budget_made_in_the_page_by_keyboard_denies(
    open_context: Callable[..., Any], dashboard: Dashboard, service: Service
):
    page, complaints = await watched(await open_context(), dashboard)
    await page.get_by_role("link", name="Budgets").first.press("Enter")
    form = page.locator("section", has=page.get_by_role("heading", name="New budget"))
    await form.get_by_label("Name").fill("wallet")
    await form.get_by_label("Limit", exact=True).fill("0.50")
    await form.get_by_label("When it is reached").select_option("enforce")
    await form.get_by_label("Limit", exact=True).press("Enter")
    await expect(page.get_by_role("status").filter(has_text="wallet is set")).to_be_visible()
    denied = await service.reserve_budget({"amount_usd": "0.51"})
    assert denied.decision == "deny"
    assert complaints == []


async def test_a_form_that_is_being_filled_in_is_not_swept_away_by_an_update(
    open_context: Callable[..., Any], dashboard: Dashboard, service: Service
):
    page, _ = await watched(await open_context(), dashboard)
    await page.goto(f"http://127.0.0.1:{dashboard.port}/budgets")
    await expect(page.locator("#live")).to_have_text("Live", timeout=PATIENCE_MS)
    name = page.locator("section", has=page.get_by_role("heading", name="New budget")).get_by_label("Name")
    await name.fill("half typ")
    await service.set_budget({"name": "other", "limit": "1", "period": "day"}, changed_by="test")
    await expect(name).to_have_value("half typ")
    await name.press_sequentially("ed")
    await expect(name).to_have_value("half typed")


async def test_pages_work_without_script(open_context: Callable[..., Any], dashboard: Dashboard, service: Service):
    await filled(service)
    page, complaints = await watched(await open_context(java_script_enabled=False), dashboard)
    await page.get_by_role("link", name="Tasks").first.click()
    await page.get_by_role("link", name="T-1").first.click()
    await expect(page.get_by_text(re.compile(r"3 calls"))).to_be_visible()
    assert complaints == []
