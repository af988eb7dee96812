from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from cost_mcp.model.call import CONTEXT_NAMES
from cost_mcp.server.app import build_server
from cost_mcp.server.backing import Backing
from cost_mcp.server.contract import INSTRUCTIONS, VERSION, contract
from cost_mcp.server.definitions import DEFINITIONS_NAME, definitions
from cost_mcp.server.generate import generated
from cost_mcp.service.call_report import RECORD_FIELDS
from cost_mcp.service.estimating import ESTIMATE_FIELDS
from cost_mcp.service.question import REPORT_FIELDS, STATUS_FIELDS
from cost_mcp.service.reserving import EXTEND_FIELDS, RELEASE_FIELDS, RESERVE_FIELDS
from cost_mcp.service.savings_question import SAVINGS_FIELDS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def plain(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def test_what_a_client_is_told_is_what_was_agreed(backing: Callable[..., Backing], tmp_path: Path):
    """A change here changes what every agent sees: when it is meant, take over the file the failure names."""
    async with backing() as service, Client(build_server(service)) as client:
        seen = {
            "server": plain(client.server_info),
            "capabilities": plain(client.server_capabilities),
            "instructions": client.instructions,
            "tools": [plain(tool) for tool in (await client.list_tools()).tools],
            "resources": [plain(resource) for resource in (await client.list_resources()).resources],
            "templates": [plain(template) for template in (await client.list_resource_templates()).resource_templates],
            "prompts": [plain(prompt) for prompt in (await client.list_prompts()).prompts],
        }
    path = tmp_path / "contract.json"
    path.write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert seen == json.loads((HERE / "contract.json").read_text(encoding="utf-8")), f"seen: {path}"


def test_the_definitions_are_what_the_nouns_make_them():
    """``python -m cost_mcp.server.generate`` writes them anew."""
    kept = (ROOT / "cost_mcp" / "server" / DEFINITIONS_NAME).read_text(encoding="utf-8")
    assert kept == generated()
    assert definitions() == contract()


def test_the_tools_leave_an_agent_room_to_think():
    tools = definitions()["tools"]
    assert len(json.dumps(tools)) < 12_000
    assert len(json.dumps(tools[:4])) < 7_000
    assert len(INSTRUCTIONS) < 2_048


@pytest.mark.parametrize("word", ["cost", "spend", "budget", "usage", "token", "price"])
def test_the_instructions_hold_the_words_that_make_a_host_look_here(word: str):
    assert word in INSTRUCTIONS


def schemas() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{tool['name']} {side}", tool[side]) for tool in definitions()["tools"] for side in ("inputSchema", "outputSchema")
    ]


@pytest.mark.parametrize(("name", "schema"), schemas())
def test_schemas_are_one_level_deep_without_titles_and_nulls(name: str, schema: dict[str, Any]):
    text = json.dumps(schema)
    assert '"title":' not in text.replace('"title": {"type": "string"}', ""), name
    assert "anyOf" not in text
    assert '"null"' not in text
    for field in schema["properties"].values():
        assert "properties" not in field
        assert "properties" not in field.get("items", {})


@pytest.mark.parametrize(
    ("tool", "taken"),
    [
        ("record_call", RECORD_FIELDS),
        ("get_cost_report", REPORT_FIELDS),
        ("get_budget_status", STATUS_FIELDS),
        ("estimate_cost", ESTIMATE_FIELDS),
        ("reserve_budget", RESERVE_FIELDS),
        ("extend_reservation", EXTEND_FIELDS),
        ("release_reservation", RELEASE_FIELDS),
        ("suggest_savings", SAVINGS_FIELDS),
    ],
)
def test_every_argument_that_is_published_is_taken(tool: str, taken: tuple[str, ...]):
    published = next(t["inputSchema"] for t in definitions()["tools"] if t["name"] == tool)
    assert set(published["properties"]) <= set(taken)
    assert published["additionalProperties"] is False


def test_a_call_can_be_told_with_every_name_of_its_context():
    published = next(t["inputSchema"] for t in definitions()["tools"] if t["name"] == "record_call")
    assert set(CONTEXT_NAMES) <= set(published["properties"])


@pytest.mark.parametrize("tool", definitions()["tools"], ids=lambda tool: tool["name"])
def test_tools_say_whether_they_only_read_and_that_they_stay_at_home(tool: dict[str, Any]):
    writes = ("record_call", "reserve_budget", "extend_reservation", "release_reservation")
    assert tool["annotations"]["readOnlyHint"] is (tool["name"] not in writes)
    assert tool["annotations"]["openWorldHint"] is False
    if tool["name"] in writes:
        assert tool["annotations"]["idempotentHint"] is (tool["name"] not in ("reserve_budget", "extend_reservation"))
    assert tool["title"]


def test_the_version_is_the_package_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
