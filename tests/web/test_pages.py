from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.service.service import Service

Dashboard = Any  # as the fixture beside this file makes it: tests cannot import their conftest

PAGES = ("/", "/calls", "/tasks", "/budgets", "/alerts", "/prices")
HOSTILE = "\"><script>alert('x')</script>\u202e{{ 7 * 7 }}"


def text_of(page: str) -> str:
    """What a reader sees of a page: its words, in order."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def record(service: Service, call_id: str, **fields: object) -> None:
    given = {"model": "gpt-5", "input_tokens": 1_000_000, "output_tokens": 100_000, "call_id": call_id} | fields
    await service.record(given, source="python", rank=Rank.RESPONSE)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_an_empty_ledger_and_is_marked_in_the_menu(empty_dashboard: Dashboard, path: str):
    page = empty_dashboard.enter().ask(path)
    assert page.status == 200
    assert page.text.count('aria-current="page"') == 1


async def test_hostile_names_are_text_on_every_page(dashboard: Dashboard, service: Service):
    await record(
        service, HOSTILE, agent=HOSTILE, project=HOSTILE, task_id=HOSTILE, task_title=HOSTILE, model="mystery-" + HOSTILE
    )
    browser = dashboard.enter()
    for path in (*PAGES, f"/call?id={quote(HOSTILE)}", f"/task?id={quote(HOSTILE)}", f"/prices?model={quote(HOSTILE)}"):
        page = browser.ask(path)
        assert page.status == 200, path
        assert "<script>alert" not in page.text
        assert "49" not in text_of(page.text).split()


async def test_the_newest_calls_come_first_and_older_ones_on_the_next_page(dashboard: Dashboard, service: Service):
    for n in range(103):
        await record(service, f"call-{n:03}", task_id="T-1")
    browser = dashboard.enter()
    first = browser.ask("/calls?task_id=T-1").text
    assert first.count("/call?") == 100
    older = re.search(r'href="([^"]+)">Older calls', first)
    assert older is not None
    second = browser.ask(unescape(older[1])).text
    assert second.count("/call?") == 3
    assert set(re.findall(r"id=call-(\d+)", first + second)) == {f"{n:03}" for n in range(103)}


async def test_a_call_is_explained_meter_by_meter_with_where_its_price_comes_from(dashboard: Dashboard, service: Service):
    await record(service, "a", agent="coder")
    words = text_of(dashboard.enter().ask("/call?id=a").text)
    assert "$2.25" in words
    assert "input 1,000,000 $1.25 $1.25 output 100,000 $10.00 $1.00" in words
    assert "genai-prices" in words
    assert "Agent coder" in words


@pytest.mark.parametrize(("path", "status"), [("/call?id=none", 404), ("/call", 400), ("/task", 400), ("/calls?cursor=x", 400)])
def test_what_is_not_there_is_said(empty_dashboard: Dashboard, path: str, status: int):
    assert empty_dashboard.enter().ask(path).status == status


async def test_tasks_show_what_each_came_to_and_one_shows_its_parts(dashboard: Dashboard, service: Service):
    await record(service, "a", task_id="T-1", task_title="Mend the door", task_type="fix", agent="coder")
    await record(service, "b", task_id="T-1", agent="planner")
    await record(service, "c", task_id="T-2")
    browser = dashboard.enter()
    words = text_of(browser.ask("/tasks").text)
    assert "T-1 Mend the door fix 2 2.2M $4.50" in words
    one = text_of(browser.ask("/task?id=T-1").text)
    assert "Mend the door" in one
    assert "coder $2.25" in one
    assert "Similar: T-1" in text_of(browser.ask("/task?id=T-11").text) or "T-2" in text_of(browser.ask("/task?id=T-11").text)


async def test_prices_are_found_by_model_and_those_without_one_are_listed(dashboard: Dashboard, service: Service):
    await record(service, "a", model="mystery-9")
    browser = dashboard.enter()
    assert "mystery-9 1 1.1M" in text_of(browser.ask("/prices").text)
    words = text_of(browser.ask("/prices?model=gpt-5").text)
    assert "openai gpt-5" in words
    assert "$1.25" in words
    assert "No price is known for mystery-9" in text_of(browser.ask("/prices?model=mystery-9").text)
