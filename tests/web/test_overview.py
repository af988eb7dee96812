from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.service.service import Service

HOSTILE = ("<script>alert(1)</script>", "\"quoted\" & 'single'", "{{ 7 * 7 }}", "مراجع", "🦊 fox", "x" * 200)


Dashboard = Any  # as the fixture beside this file makes it: tests cannot import their conftest


async def record(service: Service, call_id: str, **fields: object) -> None:
    given = {"model": "gpt-5", "input_tokens": 1_000_000, "output_tokens": 100_000, "call_id": call_id} | fields
    await service.record(given, source="python", rank=Rank.RESPONSE)


def text_of(page: str) -> str:
    """What a reader sees of a page: its words, in order."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_empty_ledger_says_how_calls_get_in_and_shows_zero(empty_dashboard: Dashboard):
    page = empty_dashboard.enter().ask("/")
    assert page.status == 200
    words = text_of(page.text)
    assert "Nothing recorded yet" in words
    assert "cost-mcp import all" in words
    assert words.count("$0.00") >= 3


async def test_the_overview_shows_what_every_other_face_says(dashboard: Dashboard, service: Service):
    await record(service, "a", agent="coder")
    await record(service, "b", agent="planner", model="mystery-9")
    await service.set_budget({"name": "daily", "limit": "5", "period": "day"}, changed_by="test")
    words = text_of(dashboard.enter().ask("/").text)
    assert "≥ $2.25" in words  # 1,000,000 × $1.25 + 100,000 × $10 a million
    assert "1 of 2 calls have no known price" in words
    assert "$2.25 spent of $5.00 per day" in words
    assert "coder" in words


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_shown_as_text(dashboard: Dashboard, service: Service, name: str):
    await record(service, "a", agent=name, project=name, task_type=name)
    page = dashboard.enter().ask("/?by=agent").text
    assert name in unescape(page)
    assert "<script>alert" not in page
    assert "49" not in text_of(page)


@pytest.mark.parametrize(
    ("address", "said"),
    [("/?period=fortnight", "period"), ("/?timezone=Mars/Olympus", "timezone"), ("/?by=moon", "by")],
)
def test_an_address_that_cannot_be_taken_names_the_part(empty_dashboard: Dashboard, address: str, said: str):
    page = empty_dashboard.enter().ask(address)
    assert page.status == 400
    assert text_of(page.text).split("That cannot be shown")[-1].strip().startswith(said)


async def test_a_page_that_did_not_change_is_not_sent_again(dashboard: Dashboard, service: Service):
    await record(service, "a")
    browser = dashboard.enter()
    first = browser.ask("/")
    assert browser.ask("/", if_none_match=first.headers["etag"]).status == 304
    await record(service, "b")
    assert browser.ask("/", if_none_match=first.headers["etag"]).status == 200


def test_a_page_names_nothing_on_another_host(empty_dashboard: Dashboard):
    page = empty_dashboard.enter().ask("/").text
    assert not [link for link in re.findall(r"https?://[^\s\"'<>]+", page) if not link.startswith("http://www.w3.org/")]
