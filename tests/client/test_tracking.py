"""The real SDKs' clients, tracked, against a provider on the loopback."""

from __future__ import annotations

import asyncio
import gc
import inspect
import subprocess
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest

import cost_mcp
from cost_mcp.client.context import context, untracked
from cost_mcp.client.shared import recorder_for
from cost_mcp.errors import InvalidInput

ASK: dict[str, Any] = {"model": "claude-opus-4-6", "max_tokens": 200, "messages": [{"role": "user", "content": "Milch?"}]}
CHAT: dict[str, Any] = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "Milch?"}]}
RESPOND: dict[str, Any] = {"model": "gpt-5.1", "input": "Milch?"}

# claude-opus-4-6 at $5, $0.50 (cache read) and $25 a million: 1,000 in, 2,000 from the cache, 100 out.
CLAUDE_COST = Decimal("0.0085")
# gpt-5.1 at $1.25, $0.125 (cached) and $10 a million: 600 fresh, 400 cached, 100 out; a web search is $0.01.
GPT_COST = Decimal("0.0018")
SEARCH_COST = Decimal("0.01")


def anthropic_client(provider: Any) -> Any:
    return anthropic.Anthropic(api_key="key", base_url=provider.url, max_retries=0)


def openai_client(provider: Any) -> Any:
    return openai.OpenAI(api_key="key", base_url=f"{provider.url}/v1", max_retries=0)


def anthropic_plain(client: Any) -> None:
    assert client.messages.create(**ASK).content[0].type == "text"


def anthropic_beta(client: Any) -> None:
    client.beta.messages.create(**ASK)


def anthropic_stream(client: Any) -> None:
    assert [event.type for event in client.messages.create(**ASK, stream=True)][-1] == "message_stop"


def anthropic_next(client: Any) -> None:
    stream = client.messages.create(**ASK, stream=True)
    while next(stream, None) is not None:
        pass


def anthropic_helper(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == "Die Milch ist alle"
        assert stream.get_final_message().usage.output_tokens == 100


def anthropic_raw(client: Any) -> None:
    raw: Any = client.messages.with_raw_response.create(**ASK)
    assert raw.headers["content-type"] == "application/json"
    assert raw.parse().id == "msg_01AbC"


def anthropic_raw_stream(client: Any) -> None:
    raw: Any = client.messages.with_raw_response.create(**ASK, stream=True)
    assert len(list(raw.parse())) == 7


def anthropic_streaming_response(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK) as raw:
        assert b"msg_01AbC" in b"".join(raw.iter_bytes())


def anthropic_streaming_parse(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK) as raw:
        assert raw.parse().id == "msg_01AbC"


def anthropic_streaming_lines(client: Any) -> None:
    with client.messages.with_streaming_response.create(**ASK, stream=True) as raw:
        assert any("message_stop" in line for line in raw.iter_lines())


def anthropic_copy(client: Any) -> None:
    client.with_options(timeout=30).copy().messages.create(**ASK)


WAYS_OF_ANTHROPIC: tuple[Callable[[Any], None], ...] = (
    anthropic_plain, anthropic_beta, anthropic_stream, anthropic_next, anthropic_helper, anthropic_raw, anthropic_raw_stream,
    anthropic_streaming_response, anthropic_streaming_parse, anthropic_streaming_lines, anthropic_copy,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS_OF_ANTHROPIC)
def test_every_way_to_ask_anthropic_is_recorded_once_with_its_final_usage(way: Any, provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        way(tracked.tracker().track(client))
    stored = tracked.call("msg_01AbC")
    assert stored.priced.pricing.cost_usd == CLAUDE_COST
    call = stored.priced.call
    assert (call.source, int(call.rank), call.provisional) == ("python", 50, False)
    assert tracked.count() == 1
    assert not tracked.recorder.missed.counts


async def async_plain(client: Any) -> None:
    await client.messages.create(**ASK)


async def async_stream(client: Any) -> None:
    assert [event.type async for event in await client.messages.create(**ASK, stream=True)][-1] == "message_stop"


async def async_helper(client: Any) -> None:
    async with client.messages.stream(**ASK) as stream:
        assert "".join([text async for text in stream.text_stream]) == "Die Milch ist alle"


async def async_raw(client: Any) -> None:
    raw: Any = await client.messages.with_raw_response.create(**ASK)
    parsed: Any = raw.parse()
    assert (await parsed if inspect.isawaitable(parsed) else parsed).id == "msg_01AbC"


async def async_streaming_response(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK) as raw:
        assert (await raw.parse()).id == "msg_01AbC"


async def async_streaming_lines(client: Any) -> None:
    async with client.messages.with_streaming_response.create(**ASK, stream=True) as raw:
        assert "event: message_stop" in [line async for line in raw.iter_lines()]


WAYS_OF_ASYNC: tuple[Callable[[Any], Awaitable[None]], ...] = (
    async_plain, async_stream, async_helper, async_raw, async_streaming_response, async_streaming_lines,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS_OF_ASYNC)
async def test_every_way_to_ask_anthropic_asynchronously_is_recorded(way: Any, provider: Any, tracked: Any):
    async with anthropic.AsyncAnthropic(api_key="key", base_url=provider.url, max_retries=0) as client:
        await way(tracked.tracker().track(client))
    stored = await asyncio.to_thread(tracked.call, "msg_01AbC")
    assert (stored.priced.pricing.cost_usd, stored.priced.call.provisional) == (CLAUDE_COST, False)


def chat_plain(client: Any) -> None:
    assert client.chat.completions.create(**CHAT).choices[0].message.content == "Die Milch ist alle"


def chat_parsed(client: Any) -> None:
    client.chat.completions.parse(**CHAT)


def chat_stream(client: Any) -> None:
    chunks = list(client.chat.completions.create(**CHAT, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks), "what was not asked for is not seen"


def chat_stream_asked(client: Any) -> None:
    chunks = list(client.chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage is not None, "what was asked for is"


def chat_helper(client: Any) -> None:
    with client.chat.completions.stream(**CHAT) as stream:
        assert stream.get_final_completion().choices[0].message.content == "Die Milch ist alle"


def chat_raw(client: Any) -> None:
    assert client.chat.completions.with_raw_response.create(**CHAT).parse().id == "chatcmpl-7"


def chat_streaming_lines(client: Any) -> None:
    asked: dict[str, Any] = {"stream_options": {"include_usage": True}}
    with client.chat.completions.with_streaming_response.create(**CHAT, stream=True, **asked) as raw:
        assert "data: [DONE]" in list(raw.iter_lines())


WAYS_TO_CHAT: tuple[Callable[[Any], None], ...] = (
    chat_plain, chat_parsed, chat_stream, chat_stream_asked, chat_helper, chat_raw, chat_streaming_lines,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS_TO_CHAT)
def test_every_way_to_chat_with_openai_is_recorded_once(way: Any, provider: Any, tracked: Any):
    with openai_client(provider) as client:
        way(tracked.tracker(stream_usage=True).track(client))
    stored = tracked.call("chatcmpl-7")
    assert (stored.priced.pricing.cost_usd, stored.priced.call.provisional) == (GPT_COST, False)
    assert stored.priced.call.usage.reasoning_output_tokens == 60
    assert tracked.count() == 1
    assert not tracked.recorder.missed.counts


def respond_plain(client: Any) -> None:
    assert client.responses.create(**RESPOND).output_text == "Die Milch ist alle"


def respond_stream(client: Any) -> None:
    assert [event.type for event in client.responses.create(**RESPOND, stream=True)][-1] == "response.completed"


def respond_helper(client: Any) -> None:
    with client.responses.stream(**RESPOND) as stream:
        assert stream.get_final_response().output_text == "Die Milch ist alle"


def respond_raw(client: Any) -> None:
    assert client.responses.with_raw_response.create(**RESPOND).parse().id == "resp_9"


def respond_later(client: Any) -> None:
    client.responses.retrieve("resp_9")
    client.responses.retrieve("resp_9")


WAYS_TO_RESPOND: tuple[Callable[[Any], None], ...] = (
    respond_plain, respond_stream, respond_helper, respond_raw, respond_later,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS_TO_RESPOND)
def test_every_way_to_get_a_response_is_recorded_with_its_searches(way: Any, provider: Any, tracked: Any):
    with openai_client(provider) as client:
        way(tracked.tracker().track(client))
    stored = tracked.call("resp_9")
    assert (stored.priced.pricing.cost_usd, stored.priced.call.provisional) == (GPT_COST + SEARCH_COST, False)
    assert tracked.count() == 1


async def test_openais_asynchronous_client_is_tracked_too(provider: Any, tracked: Any):
    async with openai.AsyncOpenAI(api_key="key", base_url=f"{provider.url}/v1", max_retries=0) as client:
        tracked.tracker(stream_usage=True).track(client)
        await client.responses.create(**RESPOND)
        chunks = [chunk async for chunk in await client.chat.completions.create(**CHAT, stream=True)]
    assert all(chunk.usage is None for chunk in chunks)
    assert await asyncio.to_thread(tracked.count) == 2


def test_embeddings_are_recorded_though_they_have_no_id(provider: Any, tracked: Any):
    with openai_client(provider) as client:
        tracked.tracker().track(client).embeddings.create(
            model="text-embedding-3-small", input="Milch?", encoding_format="float"
        )
    assert tracked.count() == 1


def test_what_is_no_model_call_is_left_alone(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        tracked.tracker().track(client)
        client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    assert tracked.count() == 0
    assert not tracked.recorder.missed.counts


def test_a_call_inside_untracked_is_not_recorded(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        tracked.tracker().track(client)
        with untracked():
            client.messages.create(**ASK)
    assert tracked.count() == 0


def test_a_failed_call_raises_as_without_tracking_and_is_not_recorded(provider: Any, tracked: Any):
    del provider.answers["/v1/messages"]
    with anthropic_client(provider) as client:
        tracked.tracker().track(client)
        with pytest.raises(anthropic.APIError):
            client.messages.create(**ASK)
    assert tracked.count() == 0


def test_the_client_and_its_streams_stay_what_they_were(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        assert tracked.tracker().track(client) is client
        stream = client.messages.create(**ASK, stream=True)
        assert isinstance(stream, anthropic.Stream)
        stream.close()
    assert inspect.iscoroutinefunction(tracked.tracker().track(anthropic.AsyncAnthropic(api_key="key")).request)


def test_what_has_no_calls_to_track_is_refused(tracked: Any):
    with pytest.raises(InvalidInput) as refused:
        tracked.tracker().track(object())
    assert refused.value.field == "client"


def test_a_client_tracked_twice_records_once(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        tracked.tracker(agent="first").track(client)
        tracked.tracker(agent="second").track(client)
        client.messages.create(**ASK)
    assert tracked.call("msg_01AbC").priced.call.context.agent == "second"
    assert tracked.count() == 1


def abandon_by_leaving(client: Any) -> None:
    for event in client.messages.create(**ASK, stream=True):
        if event.type == "content_block_delta":
            break


def abandon_by_closing(client: Any) -> None:
    with client.messages.create(**ASK, stream=True) as stream:
        while next(stream).type != "content_block_delta":
            pass


def abandon_the_helper(client: Any) -> None:
    with client.messages.stream(**ASK) as stream:
        for text in stream.text_stream:
            assert text == "Die Milch"
            break


@pytest.mark.parametrize("way", [abandon_by_leaving, abandon_by_closing, abandon_the_helper])
def test_an_abandoned_stream_is_recorded_provisionally_with_what_is_known(way: Any, provider: Any, tracked: Any):
    provider.gate.clear()
    with anthropic_client(provider) as client:
        way(tracked.tracker().track(client))
    gc.collect()
    call = tracked.call("msg_01AbC").priced.call
    assert call.provisional
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens) == (3000, 2000), "told at the beginning"
    assert call.usage.output_tokens == 3, "guessed from nine characters"
    assert "guessed" in str(call.metadata["tokens"])


@pytest.mark.parametrize("ask", ["chat", "response"])
def test_an_abandoned_stream_of_openai_is_guessed_from_lengths(ask: str, provider: Any, tracked: Any):
    provider.gate.clear()
    with openai_client(provider) as client:
        tracked.tracker().track(client)
        create: Any = client.chat.completions.create if ask == "chat" else client.responses.create
        with create(**(CHAT if ask == "chat" else RESPOND), stream=True) as stream:
            for event in stream:
                if "Milch" in str(event):
                    break
        provider.gate.set()
    call = tracked.call("chatcmpl-7" if ask == "chat" else "resp_9").priced.call
    assert call.provisional
    assert call.usage.input_tokens == 2, "six characters"


async def test_a_cancelled_stream_is_recorded_provisionally(provider: Any, tracked: Any):
    provider.gate.clear()
    begun = asyncio.Event()

    async def read(client: Any) -> None:
        async for _ in await client.messages.create(**ASK, stream=True):
            begun.set()

    async with anthropic.AsyncAnthropic(api_key="key", base_url=provider.url, max_retries=0) as client:
        reading = asyncio.create_task(read(tracked.tracker().track(client)))
        await begun.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    call = (await asyncio.to_thread(tracked.call, "msg_01AbC")).priced.call
    assert call.provisional


def test_a_stream_that_is_still_open_at_the_end_is_recorded_provisionally(provider: Any, tracked: Any):
    provider.gate.clear()
    client = tracked.tracker().track(anthropic_client(provider))
    stream = client.messages.create(**ASK, stream=True)
    next(stream)
    assert tracked.count() == 0
    assert tracked.recorder.close(60)
    tracked.recorder.flush()
    stream.close()
    client.close()
    assert tracked.call("msg_01AbC").priced.call.provisional


def test_the_final_report_of_a_stream_corrects_the_provisional_one(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        tracked.tracker().track(client)
        abandon_by_closing(client)
        assert tracked.call("msg_01AbC").priced.call.provisional
        client.messages.create(**ASK)
    stored = tracked.call("msg_01AbC")
    assert (stored.priced.call.provisional, stored.priced.pricing.cost_usd) == (False, CLAUDE_COST)


def test_a_stream_without_usage_is_guessed_and_the_way_out_told(provider: Any, tracked: Any, caplog: Any):
    with openai_client(provider) as client:
        tracked.tracker().track(client)  # not OpenAI itself: it may refuse what it does not know
        for _ in range(2):
            assert list(client.chat.completions.create(**CHAT, stream=True))
    assert "stream_options" not in provider.requests[0]
    call = tracked.call("chatcmpl-7").priced.call
    assert (call.provisional, call.usage.output_tokens) == (True, 6)
    assert caplog.text.count("stream_usage=True") == 1


def test_at_openai_itself_streams_are_asked_for_their_usage(provider: Any, tracked: Any):
    client = openai.OpenAI(api_key="key", max_retries=0)  # api.openai.com
    tracked.tracker().track(client)
    client.base_url = f"{provider.url}/v1"
    with client:
        list(client.chat.completions.create(**CHAT, stream=True))
    assert provider.requests[0]["stream_options"] == {"include_usage": True}
    assert tracked.call("chatcmpl-7").priced.call.provider == "openai"


def test_nothing_that_was_said_is_in_the_ledger(provider: Any, tracked: Any):
    with anthropic_client(provider) as asked, openai_client(provider) as other:
        tracked.tracker().track(asked)
        tracked.tracker().track(other)
        abandon_by_closing(asked)
        asked.messages.create(**ASK)
        other.responses.create(**RESPOND)
    assert tracked.count() == 2
    tracked.recorder.close(60)
    for file in tracked.ledger.parent.iterdir():
        assert b"Milch" not in file.read_bytes(), file.name


def test_a_call_carries_the_context_it_was_begun_in(provider: Any, tracked: Any):
    with anthropic_client(provider) as client:
        tracked.tracker(agent="planner", tags={"team": "a"}).track(client)
        with context(task_id=42, tags={"branch": "main"}):
            stream = client.messages.create(**ASK, stream=True)
        with context(task_id="another"):
            list(stream)
    found = tracked.call("msg_01AbC").priced.call.context
    assert (found.task_id, found.agent, dict(found.tags)) == ("42", "planner", {"branch": "main", "team": "a"})


def test_a_program_tracks_into_the_ledger_it_names(provider: Any, tmp_path: Any):
    ledger = tmp_path / "named.db"
    with anthropic_client(provider) as client:
        cost_mcp.track(client, db=ledger, project="shop")
        with cost_mcp.context(task_id="T-1"):
            client.messages.create(**ASK)
    assert cost_mcp.flush(60)
    with cost_mcp.open_sync(ledger, environ=ENVIRON) as cost:
        call = cost.explain("msg_01AbC").priced.call
    assert (call.context.project, call.context.task_id) == ("shop", "T-1")
    assert recorder_for(ledger).close(60)


def test_a_slip_in_a_contexts_name_is_told_when_the_client_is_tracked(provider: Any):
    slip: Any = cost_mcp.track
    with anthropic_client(provider) as client, pytest.raises(TypeError, match="no tasc_id"):
        slip(client, tasc_id="T-1")


def test_no_sdk_is_imported_to_track_one():
    code = "import sys, cost_mcp; cost_mcp.track, cost_mcp.litellm_logger; print({'anthropic', 'openai', 'litellm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_the_open_ledger_tracks_clients_until_its_block_ends(provider: Any, tmp_path: Any):
    with anthropic_client(provider) as client:
        environ = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}
        async with cost_mcp.open(tmp_path / "ledger.db", environ=environ) as cost:
            cost.track(client, task_id="T-1")
            await asyncio.to_thread(client.messages.create, **ASK)
            assert await cost.flush(60)
            assert (await cost.task_cost("T-1")).task.totals.cost_usd == CLAUDE_COST


HELD: dict[str, Any] = {"model": "claude-opus-4-6", "input_tokens": 20_000, "max_output_tokens": 4_000, "task_id": "T-1"}
ENVIRON = {"COST_MCP_CONFIG": "", "COST_MCP_TIMEZONE": "UTC"}


@pytest.mark.parametrize("recorded_too", [False, True])
async def test_a_tracked_call_settles_the_budget_that_is_held_around_it(*, recorded_too: bool, provider: Any, tmp_path: Any):
    tracked_client: Any = anthropic.AsyncAnthropic(api_key="key", base_url=provider.url, max_retries=0)
    async with (
        tracked_client as client,
        cost_mcp.open(tmp_path / "ledger.db", environ={**ENVIRON, "COST_MCP_DAILY_LIMIT": "1"}) as cost,
    ):
        cost.track(client)
        async with cost.reserve(**HELD) as hold:
            response = await client.messages.create(**ASK)
            if recorded_too:
                assert (await hold.record(response)).cost_usd == CLAUDE_COST
        assert await cost.flush(60)
        stored = await cost.explain("msg_01AbC")
        (standing,) = (await cost.budget_status()).standings
    assert hold.reservation is not None
    assert stored.priced.call.reservation_id == hold.reservation.reservation_id
    assert (stored.priced.call.context.task_id, stored.unadmitted) == ("T-1", False)
    assert (standing.spent, standing.reserved) == (CLAUDE_COST, 0)


def test_a_second_tracked_call_inside_is_recorded_without_the_reservation(provider: Any, tmp_path: Any):
    with (
        anthropic_client(provider) as client,
        openai_client(provider) as other,
        cost_mcp.open_sync(tmp_path / "ledger.db", environ={**ENVIRON, "COST_MCP_DAILY_LIMIT": "1"}) as cost,
    ):
        cost.track(client)
        cost.track(other)
        with cost.reserve(**HELD):
            client.messages.create(**ASK)
            other.responses.create(**RESPOND)
        assert cost.explain("msg_01AbC").priced.call.reservation_id is not None
        second = cost.explain("resp_9").priced.call
        (standing,) = cost.budget_status().standings
    assert (second.reservation_id, second.context.task_id) == (None, "T-1")
    assert (standing.spent, standing.reserved) == (CLAUDE_COST + GPT_COST + SEARCH_COST, 0)


async def test_a_failed_call_gives_back_what_was_held_for_it(provider: Any, tmp_path: Any):
    del provider.answers["/v1/messages"]
    async with (
        anthropic.AsyncAnthropic(api_key="key", base_url=provider.url, max_retries=0) as client,
        cost_mcp.open(tmp_path / "ledger.db", environ={**ENVIRON, "COST_MCP_DAILY_LIMIT": "1"}) as cost,
    ):
        cost.track(client)
        with pytest.raises(anthropic.APIError):
            async with cost.reserve(**HELD):
                await client.messages.create(**ASK)
        (standing,) = (await cost.budget_status()).standings
    assert (standing.spent, standing.reserved) == (0, 0)


def test_a_reservation_of_another_ledger_does_not_cost_the_call(provider: Any, tracked: Any, tmp_path: Any):
    with anthropic_client(provider) as client, cost_mcp.open_sync(tmp_path / "another.db", environ=ENVIRON) as cost:
        tracked.tracker().track(client)
        with cost.reserve(**HELD):
            client.messages.create(**ASK)
    assert tracked.call("msg_01AbC").priced.call.reservation_id is None
    assert not tracked.recorder.missed.counts
