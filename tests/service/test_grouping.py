"""What a report may be grouped by and narrowed to, and what it says where it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cost_mcp.errors import CostError
from cost_mcp.model.call import Rank
from cost_mcp.service.opening import open_quick

if TYPE_CHECKING:
    from tests.service.conftest import MovedClock, Opener

CALL: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 1000, "output_tokens": 100}
TAGGED: tuple[dict[str, str], ...] = ({"branch": "main", "team": "core"}, {"branch": "Main"}, {"team": "core"}, {})


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        ("tag:branch", {("main",): 1, ("Main",): 1, (None,): 2}),
        (["Tag:branch", "tag:team"], {("main", "core"): 1, ("Main", None): 1, (None, "core"): 1, (None, None): 1}),
        ("tag:nothing", {(None,): 4}),
        ("tenant", {("default",): 4}),
        ("tenant,task,day", {("default", "T-0", "2026-11-22"): 2, ("default", "T-1", "2026-11-22"): 2}),
    ],
)
async def test_tags_and_tenants_group_every_call_once(
    opened: Opener, clock: MovedClock, group_by: object, keys: dict[tuple[str | None, ...], int]
):
    async with opened() as service:
        for n, tags in enumerate(TAGGED):
            await service.record(CALL | {"tags": tags, "task_id": f"T-{n % 2}"}, source="mcp", rank=Rank.AGENT)
        answer = await service.cost_report({"period": "today", "group_by": group_by})
        quick = open_quick(service.settings, clock=clock)
        again = quick.cost_report({"period": "today", "group_by": group_by})
        quick.close()
    assert {group.key: group.totals.calls for group in answer.rows} == keys
    assert again.rows == answer.rows


@pytest.mark.parametrize(
    ("tags", "calls"), [({"team": "core"}, 2), ({"team": "core", "branch": "main"}, 1), ({"branch": "other"}, 0), ({}, 4)]
)
async def test_a_report_is_narrowed_to_tags(opened: Opener, tags: dict[str, str], calls: int):
    async with opened() as service:
        for given in TAGGED:
            await service.record(CALL | {"tags": given}, source="mcp", rank=Rank.AGENT)
        answer = await service.cost_report({"period": "today", "group_by": "day,model", "tags": tags})
    assert answer.report.totals.calls == calls
    assert sum(group.totals.calls for group in answer.rows) == calls
    assert answer.report.query.filters == {f"tag:{name}": value for name, value in tags.items()}


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"group_by": "tag"}, "group_by", "tag:NAME"),
        ({"group_by": ["day", "tag:"]}, "group_by", "tag:NAME"),
        ({"group_by": "sesion"}, "group_by", "Did you mean session?"),
        ({"group_by": "tenants"}, "group_by", "Did you mean tenant?"),
        ({"group_by": "tag:a,tag:b,tag:c,tag:d"}, "group_by", "at most 3"),
        ({"group_by": "tag:a,Tag:a"}, "group_by", "Name each once"),
        ({"tags": "team=core"}, "tags", '{"branch": "main"}'),
        ({"task": "T-1", "task_id": "T-2"}, "task", "one of them"),
        ({"start": "2026-12-01"}, "start", "Give end too"),
    ],
)
async def test_what_no_report_can_do_is_refused_with_what_it_can(
    opened: Opener, fields: dict[str, object], field: str, said: str
):
    async with opened() as service:
        with pytest.raises(CostError) as refused:
            await service.cost_report(fields)
    assert refused.value.field == field
    assert said in (refused.value.hint or "")


@pytest.mark.parametrize("fields", [{"period": "2027-01"}, {"start": "2026-12-01", "end": "2026-12-24"}])
async def test_a_period_yet_to_come_is_answered_with_nothing_in_the_same_shape(
    opened: Opener, clock: MovedClock, fields: dict[str, object]
):
    async with opened() as service:
        await service.record(CALL, source="mcp", rank=Rank.AGENT)
        for group_by in ("", "day,model", "task,week"):
            answer = await service.cost_report(fields | {"group_by": group_by})
            assert (answer.report.totals.calls, answer.rows, answer.next_cursor) == (0, (), None)
            assert answer.report.query.period.start > clock()
