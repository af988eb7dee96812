"""What the pages' forms change: budgets and alerts, through the same verbs as the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from cost_mcp.errors import CostError, InvalidInput
from cost_mcp.service.opening import open_service
from cost_mcp.service.saving import apply_saving

if TYPE_CHECKING:
    from starlette.requests import Request

    from cost_mcp.service.service import Service
    from cost_mcp.web.pages import House

WHO = "dashboard"
"""Who changed a budget, as its history says it."""

MAX_FORM_BYTES = 64 * 1024
"""The largest form that is read; ours have a few hundred bytes."""

Form = Mapping[str, str]
Change = Callable[["Service", Form], Awaitable[str]]
"""Makes a change and says in a sentence what was done."""


async def changed(house: House, request: Request, change: Change) -> tuple[Form, CostError | None]:
    """What was typed, and why it was refused; None when the change is made, and the session's next page says so.

    Raises:
        HTTPException: a form that no page of ours gave to this browser, or one too large.
    """
    form = await _form(request)
    try:
        async with open_service(house.settings, clock=house.clock, lasting=False) as service:
            request.state.session.notice = await change(service, form)
    except CostError as refusal:
        return form, refusal
    return form, None


async def _form(request: Request) -> Form:
    if int(request.headers.get("content-length", "0") or 0) > MAX_FORM_BYTES:
        raise HTTPException(413)
    form = await request.form(max_files=0, max_fields=64, max_part_size=MAX_FORM_BYTES)
    typed = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    if not request.state.session.wrote(typed.pop("form_token", None)):
        raise HTTPException(403, "This form is not one this browser was given: load the page again.")
    return typed


async def set_budget(service: Service, form: Form) -> str:
    """Make a budget, or replace the one of its name by what the form says; every field stands in it."""
    budget = await service.set_budget(budget_fields(form), changed_by=WHO)
    return f"Budget {budget.name} is set."


async def remove_budget(service: Service, form: Form) -> str:
    """End a budget."""
    budget = await service.remove_budget(form.get("name"), changed_by=WHO)
    return f"Budget {budget.name} is removed; its history stays."


async def acknowledge(service: Service, form: Form) -> str:
    """Note that somebody has seen an alert, or all that are open."""
    if form.get("all"):
        seen = await service.acknowledge_alerts(by=WHO)
        return f"{len(seen)} acknowledged."
    alert = await service.acknowledge_alert(form.get("alert_id"), by=WHO)
    return f"Acknowledged: {alert.subject}."


async def retry(service: Service, form: Form) -> str:
    """Send an alert again that did not arrive."""
    alert = await service.retry_alert(form.get("alert_id"))
    return f"Will be sent again: {alert.subject}."


async def apply_suggestion(service: Service, form: Form) -> str:
    """Note that a suggestion is acted upon."""
    noted = await apply_saving(service, {"saving_id": form.get("saving_id")}, by=WHO)
    return f"Noted: what {noted.saving.rule.replace('-', ' ')} saves is measured from now on."


def budget_fields(form: Form) -> dict[str, object]:
    """A budget's fields from what was typed; an empty one counts as not given.

    Raises:
        InvalidInput: a scope that is not ``name=value``, or a checkbox no page of ours has.
    """
    given: dict[str, object] = {name: value.strip() for name, value in form.items() if value.strip()}
    unit = given.pop("unit", "usd")
    limit = given.pop("limit", None)
    if unit in ("tokens", "calls") and isinstance(limit, str):
        given[f"limit_{unit}"] = _whole(limit)
    elif limit is not None:
        given["limit"] = limit
    if (first := str(given.get("week_start", ""))).isdecimal():
        given["week_start"] = int(first)
    if "scope" in given:
        given["scope"] = _pairs(str(given["scope"]))
    if "thresholds" in given:
        given["thresholds"] = str(given["thresholds"]).split(",")
    prices = {side: given.pop(f"assume_{side}", None) for side in ("input", "output")}
    if any(prices.values()):
        given["assume_usd_per_mtok"] = {side: price for side, price in prices.items() if price is not None}
    given["include_subscription"] = given.pop("include_subscription", "") == "yes"
    return given


def _whole(text: str) -> int:
    plain = text.replace(",", "").replace(" ", "")
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 20):
        raise InvalidInput("limit is not a whole number.", field="limit", hint="Tokens and calls are counted: give 1000000.")
    return int(plain)


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in (part.strip() for part in text.replace("\n", ",").split(",")):
        name, equals, value = part.partition("=")
        if part and not equals:
            raise InvalidInput("scope is not name=value.", field="scope", hint="For example project=shop, agent=coder.")
        if part:
            found[name.strip()] = value.strip()
    return found
