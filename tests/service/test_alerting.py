from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.config.settings import Settings
from cost_mcp.errors import InvalidInput, NotFound, UnknownName
from cost_mcp.model.alert import Alert, Channel
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_quick
from cost_mcp.service.service import Service

if TYPE_CHECKING:
    from conftest import MovedClock, Opener

MAIL, CHAT = Channel(name="email-1"), Channel(name="slack-1")


async def spend(service: Service, usd: str, **fields: Any) -> None:
    call = {"model": "gpt-5", "input_tokens": 1, "output_tokens": 1, "cost_usd": usd} | fields
    await service.record(call, source="cli", rank=Rank.RESPONSE)


async def told(service: Service, **fields: Any) -> list[tuple[str, str]]:
    return [(alert.subject, alert.level) for alert in await service.alerts(fields)]


async def sent(service: Service, error: str | None) -> tuple[Alert, ...]:
    """What is due now, tried once with this outcome; a failure is final."""
    now = service.clock()
    claims = await service.ledger.claim_deliveries("default", (MAIL, CHAT), now, 60, 100)
    for claim in claims:
        await service.ledger.finish_delivery(
            "default", claim.alert.alert_id, claim.channel, now, error=error, next_at=None, attempt=claim.attempt
        )
    return tuple(claim.alert for claim in claims)


async def test_both_doors_tell_of_the_same_alerts(opened: Opener, clock: MovedClock, tmp_path: Path):
    async with opened() as service:
        await service.set_budget({"name": "daily", "limit": "1"}, changed_by="test")
        await spend(service, "0.6")
        await spend(service, "0.3")
        await sent(service, "refused")
        await service.acknowledge_alert((await service.alerts({"limit": 1}))[0].alert_id, by="cli:anna")
        quick = open_quick(Settings(db=str(tmp_path / "ledger.db")), clock=clock)
        for fields, levels in (({}, ["info"]), ({"all": True}, ["warning", "info"]), ({"all": True, "limit": 1}, ["warning"])):
            found = await service.alerts(fields)
            assert [alert.level for alert in found] == levels
            assert quick.alerts(fields) == found
        quick.close()


async def test_each_tenant_sees_to_its_own_alerts(opened: Opener):
    async with opened(tenant="one") as service:
        await service.set_budget({"name": "daily", "limit": "1"}, changed_by="test")
        await spend(service, "2")
        (alert,) = await service.alerts({})
    async with opened(tenant="two") as other:
        assert await told(other) == []
        assert await other.acknowledge_alerts(by="cli:bert") == ()
        for verb in (other.acknowledge_alert(alert.alert_id, by="cli:bert"), other.retry_alert(alert.alert_id)):
            with pytest.raises(NotFound):
                await verb


async def test_trying_all_again_takes_what_did_not_arrive_and_nobody_has_seen(opened: Opener):
    async with opened() as service:
        for name in ("arrived", "seen", "failed"):
            await service.set_budget({"name": name, "limit": "1", "scope": {"project": name}}, changed_by="test")
        await spend(service, "2", project="arrived")
        await sent(service, None)
        await spend(service, "2", project="seen")
        await spend(service, "2", project="failed")
        await sent(service, "refused")
        (seen,) = [alert for alert in await service.alerts({}) if alert.subject == "seen"]
        await service.acknowledge_alert(seen.alert_id, by="cli:anna")

        assert [alert.subject for alert in await service.retry_alerts()] == ["failed"]
        assert [alert.subject for alert in await sent(service, None)] == ["failed", "failed"]
        assert await service.retry_alerts() == ()


async def test_all_open_alerts_are_acknowledged_at_once(opened: Opener, clock: MovedClock):
    async with opened() as service:
        await service.set_budget({"name": "each", "limit": "1", "each": "agent"}, changed_by="test")
        for number in range(5):
            await spend(service, "2", agent=f"a{number}")
        done = await service.acknowledge_alerts(by="cli:anna")
        assert {(alert.acknowledged_by, alert.acknowledged_at) for alert in done} == {("cli:anna", clock.now)}
        assert len(done) == 5
        assert await told(service) == []


async def test_a_call_that_is_not_tracked_raises_nothing(opened: Opener):
    async with opened() as service:
        await service.set_budget({"name": "daily", "limit": "1"}, changed_by="test")
    async with opened(enabled=False) as service:
        await spend(service, "5")
        assert await told(service) == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"limit": 0}, InvalidInput),
        ({"limit": 1001}, InvalidInput),
        ({"limit": "many"}, InvalidInput),
        ({"all": "yes"}, InvalidInput),
        ({"open": True}, UnknownName),
    ],
)
async def test_a_question_that_cannot_be_taken_is_refused(opened: Opener, fields: dict[str, Any], error: type[InvalidInput]):
    async with opened() as service:
        with pytest.raises(error) as refusal:
            await service.alerts(fields)
        assert refusal.value.field in fields


@pytest.mark.parametrize("alert_id", ["", None, 7, "a\nb"])
async def test_what_is_no_id_is_refused(opened: Opener, alert_id: object):
    async with opened() as service:
        for verb in (service.acknowledge_alert(alert_id, by="x"), service.retry_alert(alert_id)):
            with pytest.raises(InvalidInput) as refusal:
                await verb
            assert refusal.value.field == "alert_id"
