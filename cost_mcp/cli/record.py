"""``record``: one model call into the ledger."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cost_mcp.cli.options import F, as_json, option, pairs, pass_surroundings
from cost_mcp.cli.output import put_json, put_page
from cost_mcp.cli.surroundings import Surroundings
from cost_mcp.errors import InvalidInput
from cost_mcp.model.call import Rank
from cost_mcp.model.usage import USAGE_FIELDS
from cost_mcp.views.shape import receipt_shape
from cost_mcp.views.terminal_call import receipt_page

if TYPE_CHECKING:
    from cost_mcp.model.receipt import Receipt
    from cost_mcp.service.service import Service

MAX_BYTES = 32_000_000
"""The largest response read: long ones hold images and whole documents, of which only the usage is looked at."""

_USAGE = {
    "input_tokens": "All input tokens, cached ones included.",
    "output_tokens": "All output tokens, reasoning included.",
    "cache_read_input_tokens": "Of the input: read from a cache.",
    "cache_creation_input_tokens": "Of the input: written to a cache.",
    "cache_creation_1h_input_tokens": "Of those: kept for an hour.",
    "reasoning_output_tokens": "Of the output: reasoning.",
    "input_audio_tokens": "Of the input: audio.",
    "cache_read_input_audio_tokens": "Of the audio: read from a cache.",
    "output_audio_tokens": "Of the output: audio.",
    "input_image_tokens": "Of the input: images.",
    "output_image_tokens": "Of the output: images.",
    "web_search_requests": "Web searches made.",
}
_CONTEXT = {
    "project": "Project the call belongs to.",
    "task_id": "Task it was made for.",
    "task_title": "The task in words.",
    "task_type": "Kind of task: bugfix, review …",
    "session_id": "Session it was made in.",
    "agent": "Agent that made it.",
    "feature": "Feature of the product it served.",
    "purpose": "What the call was for: plan, edit, test …",
}
_DETAILS = {
    "cost_usd": "The true cost in dollars, where it is known.",
    "call_id": "Key it is counted once under (default: the response's id, else a new one).",
    "occurred_at": "When it was made, RFC 3339 (default: now).",
    "response_model": "Model the response names, where it differs.",
    "service_tier": "standard, batch, flex, priority or fast.",
    "billing": "api, or subscription for calls a plan covers.",
    "reservation_id": "The reservation that held this call: it is settled, and what is left of it given back.",
}


def _fields(command: F) -> F:
    for name, text in reversed({**_DETAILS, **_CONTEXT}.items()):
        command = option(name, text)(command)
    for name in reversed(USAGE_FIELDS):
        command = option(name, _USAGE[name], whole=True)(command)
    return command


@click.command()
@click.option("--model", help="The model's name; a response names it itself.")
@click.option("--provider", help="anthropic, openai, google …")
@click.option("--usage", metavar="FILE|-", help="The provider's usage object as JSON, from a file or stdin.")
@click.option("--response", metavar="FILE|-", help="The provider's whole response as JSON; no text of it is kept.")
@_fields
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="A tag; may be given several times.")
@click.option("--metadata", help="A small JSON object, such as the routing context.")
@click.option("--provisional", is_flag=True, help="The final usage is not known yet.")
@as_json
@pass_surroundings
def record(
    around: Surroundings,
    as_json: bool,
    usage: str | None,
    response: str | None,
    tags: tuple[str, ...],
    metadata: str | None,
    provisional: bool,
    **given: object,
) -> None:
    """Record one model call.

    Give the provider's response (or its usage object), or count tokens yourself. --input-tokens is all input, cached tokens
    included; --output-tokens is all output, reasoning included.
    """
    if usage is not None and response is not None:
        raise click.UsageError("--usage and --response were both given.")
    source = usage if usage is not None else response
    fields = {
        **given,
        "tags": pairs(tags, "tag"),
        "metadata": None if metadata is None else _json(metadata, "metadata"),
        "provisional": provisional or None,
        "usage": None if source is None else _json(_text(source), "usage"),
    }
    rank = Rank.AGENT if source is None else Rank.RESPONSE

    def show(receipt: Receipt) -> None:
        if as_json:
            put_json(receipt_shape(receipt))
        else:
            put_page(receipt_page(receipt, around.clock()))

    async def work(service: Service) -> None:
        show(await service.record(fields, source="cli", rank=rank))
        await service.deliver_briefly()  # after the answer: nobody waits for a receiver to hear that a call is recorded

    around.within(work)


def _text(source: str) -> str:
    try:
        if source == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"the file cannot be read ({error.strerror}).", field="usage", hint="Check its path.") from error
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"usage takes more than {MAX_BYTES:,} bytes.", field="usage", hint="Give the usage object alone.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("usage is not UTF-8 text.", field="usage", hint="Give the response's JSON.") from None


def _json(text: str, field: str) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        raise InvalidInput(f"{field} is nested too deeply.", field=field, hint="Give the usage object alone.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidInput(f"{field} is not JSON ({where}).", field=field, hint="Give the object as it was answered.") from None
    except ValueError:  # a number of more digits than Python reads
        raise InvalidInput(
            f"{field} holds a number that is too long.", field=field, hint="Give the object as it was answered."
        ) from None
