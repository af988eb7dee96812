from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from cost_mcp.model.call import Rank
from cost_mcp.service.service import Service

Dashboard = Browser = Any  # as the fixtures beside this file make them: tests cannot import their conftest

BUDGET = {"name": "wallet", "limit": "1.00", "unit": "usd", "period": "day", "mode": "enforce", "thresholds": "50, 80, 95, 100"}


def text_of(page: str) -> str:
    """What a reader sees of a page: its words, in order."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def sent(browser: Browser, path: str, page: str = "/budgets", **fields: str) -> Any:
    """A form of a page, with the token the page gave it."""
    found = re.search(r'name="form_token" value="([^"]+)"', browser.ask(page).text)
    assert found is not None
    return browser.post(path, urlencode({"form_token": unescape(found[1]), **fields}))


async def test_a_budget_made_in_the_page_denies_the_next_reservation(dashboard: Dashboard, service: Service):
    browser = dashboard.enter()
    assert sent(browser, "/budgets", **BUDGET).headers["location"] == "/budgets"
    denied = await service.reserve_budget({"amount_usd": "1.01"})
    assert denied.denied_by is not None
    assert (denied.decision, denied.denied_by.budget.name) == ("deny", "wallet")
    page = text_of(browser.ask("/budgets").text)
    assert "Budget wallet is set." in page
    assert "dashboard" in page
    assert "Budget wallet is set." not in text_of(browser.ask("/budgets").text)
    (change,) = await service.budget_history()
    assert change.changed_by == "dashboard"


async def test_a_budget_is_changed_as_its_form_says_and_removed_with_its_history_kept(dashboard: Dashboard, service: Service):
    browser = dashboard.enter()
    sent(browser, "/budgets", **BUDGET, scope="project=shop, agent=coder", each="task_id")
    changed = {**BUDGET, "limit": "2,000,000", "unit": "tokens", "mode": "alert", "include_subscription": "yes"}
    sent(browser, "/budgets", **changed)
    (budget,) = await service.budgets()
    assert (budget.limit_tokens, budget.mode, budget.include_subscription) == (2_000_000, "alert", True)
    assert (budget.scope.as_dict(), budget.each) == ({}, None)
    assert sent(browser, "/budgets/remove", name="wallet").status == 303
    assert await service.budgets() == ()
    assert len(await service.budget_history("wallet")) == 3


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"limit": "ten"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1e400"}, "limit"),
        ({"limit": "3.5", "unit": "calls"}, "limit"),
        ({"scope": "project"}, "scope"),
        ({"scope": "moon=full"}, "scope"),
        ({"thresholds": "80,50,95,100"}, "thresholds"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"name": "x" * 65}, "name"),
        ({"surprise": "yes"}, "surprise"),
        ({"unpriced": "assume"}, "unpriced"),
    ],
)
async def test_a_form_that_cannot_be_taken_says_why_and_keeps_what_was_typed(
    dashboard: Dashboard, service: Service, typed: dict[str, str], said: str
):
    answer = sent(dashboard.enter(), "/budgets", **(BUDGET | typed))
    assert answer.status == 400
    assert re.search(rf'class="problem" role="alert">{said}: ', answer.text)
    assert 'value="1.00"' in answer.text or "limit" in typed
    assert await service.budgets() == ()


@pytest.mark.parametrize("path", ["/budgets", "/budgets/remove", "/alerts/acknowledge", "/alerts/retry"])
@pytest.mark.parametrize("token", [None, "", "guessed"])
async def test_a_form_no_page_gave_to_this_browser_changes_nothing(
    dashboard: Dashboard, service: Service, path: str, token: str | None
):
    fields = BUDGET if token is None else {**BUDGET, "form_token": token}
    assert dashboard.enter().post(path, urlencode(fields)).status == 403
    assert await service.budgets() == ()


async def test_the_form_of_one_browser_is_not_taken_from_another(dashboard: Dashboard, service: Service):
    one, two = dashboard.enter(), dashboard.enter()
    found = re.search(r'name="form_token" value="([^"]+)"', one.ask("/budgets").text)
    assert found is not None
    assert two.post("/budgets", urlencode({**BUDGET, "form_token": found[1]})).status == 403
    assert await service.budgets() == ()


def test_a_form_larger_than_any_of_ours_is_not_read(dashboard: Dashboard):
    assert sent(dashboard.enter(), "/budgets", **BUDGET, scope="x" * 100_000).status == 413


async def test_an_alert_is_acknowledged_by_the_dashboard(dashboard: Dashboard, service: Service):
    await service.set_budget({"name": "small", "limit": "0.01", "period": "day"}, changed_by="test")
    given = {"model": "gpt-5", "input_tokens": 1_000_000, "output_tokens": 0, "call_id": "a"}
    await service.record(given, source="python", rank=Rank.RESPONSE)
    browser = dashboard.enter()
    assert "small" in text_of(browser.ask("/alerts").text)
    (alert,) = await service.alerts({})
    assert sent(browser, "/alerts/acknowledge", "/alerts", alert_id=alert.alert_id).status == 303
    assert "No alert is open" in text_of(browser.ask("/alerts").text)
    (seen,) = await service.alerts({"all": True})
    assert seen.acknowledged_by == "dashboard"
    unknown = sent(browser, "/alerts/acknowledge", "/budgets", alert_id="nobody")
    assert unknown.status == 404


async def test_a_hostile_budget_name_is_shown_as_text(dashboard: Dashboard, service: Service):
    name = "\"><script>alert('x')</script>"
    sent(dashboard.enter(), "/budgets", **(BUDGET | {"name": name}))
    page = dashboard.enter().ask("/budgets").text
    assert "<script>alert" not in page
    assert name in unescape(page)
    assert [budget.name for budget in await service.budgets()] == [name]
