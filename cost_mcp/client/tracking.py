"""Clients of the Anthropic and OpenAI SDKs whose responses are recorded by themselves.

Both SDKs, and others made with the same generator, send everything through one method of the client, ``request``: plain
calls, streams and their helpers, raw responses, ``beta``, whichever resource was made before. That method is what is
wrapped, on the one client that is tracked. No SDK is imported.

Source: anthropic-sdk-python ``_base_client.py`` (0.116 at commit 009b0353, and 2.12.0), openai-python ``_base_client.py``
(3.54.0): ``SyncAPIClient.post`` → ``self.request``. Read 2026-11-22.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from cost_mcp.client.context import current, held_here, is_untracked, joined
from cost_mcp.client.observed_call import ObservedCall
from cost_mcp.client.recorder import Recorder
from cost_mcp.client.response import as_object, look
from cost_mcp.errors import InvalidInput

C = TypeVar("C")

_MARK = "_cost_mcp_tracker"
_RAW = "x-stainless-raw-response"

_BILLED = re.compile(
    r"(?:^|/)(?:(?P<always>messages|(?:chat/)?completions|responses(?:/compact)?|embeddings)"
    r"|responses/[^/]+(?:/cancel)?|images/(?:generations|edits)|audio/(?:transcriptions|translations|speech))$"
)
"""The last part of the paths whose responses are model calls; ``always`` are those that always carry usage."""
_NOT_CALLS = re.compile(r"(?:^|/)(?:threads|evals|conversations|sessions|responses/(?:input_tokens|compact/[^/]+))(?:/|$)")
_CHATS = re.compile(r"(?:^|/)(?:chat/)?completions$")

_PROVIDERS = {
    "api.anthropic.com": "anthropic", "api.openai.com": "openai", "openai.azure.com": "azure", "azure-api.net": "azure",
    "cognitiveservices.azure.com": "azure", "services.ai.azure.com": "azure", "openrouter.ai": "openrouter",
    "api.groq.com": "groq", "api.deepseek.com": "deepseek", "api.x.ai": "x-ai", "api.mistral.ai": "mistral",
    "api.together.xyz": "together", "api.fireworks.ai": "fireworks", "api.perplexity.ai": "perplexity",
    "api.cerebras.ai": "cerebras", "api.moonshot.ai": "moonshotai", "generativelanguage.googleapis.com": "google",
}  # fmt: skip
"""The host of a client's base_url, or its end, → who bills what it answers. Source: the providers' documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What a tracked client does beside its work.

    ``stream_usage`` says whether Chat Completions' streams are asked for their usage where the program did not; None: only at
    OpenAI itself, because others may refuse what they do not know.
    """

    recorder: Recorder
    fields: Mapping[str, object]
    stream_usage: bool | None = None

    def track(self, client: C) -> C:
        """The same client, tracked; one that was tracked before goes on by these rules alone.

        Raises:
            InvalidInput: it is no client of the Anthropic or OpenAI SDK, nor of one made alike.
        """
        there = cast("dict[str, Any]", getattr(client, "__dict__", {}))
        kind: Any = type(client)
        if not callable(getattr(kind, "request", None)) or not callable(getattr(kind, "post", None)):
            raise InvalidInput(
                "client is no client whose calls can be tracked.",
                field="client",
                hint="Give a client of the Anthropic or OpenAI SDK, sync or async; use cost.record(response) for any other.",
            )
        there[_MARK] = self
        there["request"] = self._request_of(client, kind.request)
        for name in ("copy", "with_options"):
            if callable(getattr(kind, name, None)):
                there[name] = self._copy_of(client, getattr(kind, name))
        return client

    def _request_of(self, client: Any, original: Any) -> Any:
        provider = _provider(str(getattr(client, "base_url", "")))

        if inspect.iscoroutinefunction(original):

            @wraps(original)
            async def arequest(*args: Any, **kwargs: Any) -> Any:
                call = self._begin(provider, args, kwargs)
                result = await original(client, *args, **kwargs)
                return result if call is None else call.watch(result)

            return arequest

        @wraps(original)
        def request(*args: Any, **kwargs: Any) -> Any:
            call = self._begin(provider, args, kwargs)
            result = original(client, *args, **kwargs)
            return result if call is None else call.watch(result)

        return request

    def _copy_of(self, client: Any, original: Any) -> Any:
        @wraps(original)
        def copy(*args: Any, **kwargs: Any) -> Any:
            return self.track(original(client, *args, **kwargs))

        return copy

    def _begin(self, provider: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ObservedCall | None:
        """The call that is about to be made; None when it is no model's, or is not to be recorded."""
        try:
            if is_untracked():
                return None
            options = kwargs["options"] if "options" in kwargs else args[1]
            path = str(options.url).partition("?")[0].rstrip("/")
            billed = _BILLED.search(path)
            if billed is None or _NOT_CALLS.search(path):
                return None
            fields = joined(self.fields, current())
            if provider is not None:
                fields["provider"] = provider
            held = held_here()
            if held is not None and billed["always"] and (reservation := held.take(self.recorder)) is not None:
                fields["reservation_id"] = reservation
            request = as_object(options.json_data)
            call = ObservedCall(self.recorder, fields, request, needs_usage=billed["always"] is not None)
            if kwargs.get("stream") and _CHATS.search(path):
                call.hides_usage = self._ask_for_usage(provider, options)
            self.recorder.begin()
        except Exception as error:  # noqa: BLE001 what is observed goes on
            self.recorder.missed.note("unexpected", f"{type(error).__name__} while its request was looked at.")
            return None
        return call

    def _ask_for_usage(self, provider: str | None, options: Any) -> bool:
        """Ask a stream for its usage; whether that was done, so that the program does not see what it did not ask for."""
        wanted = provider == "openai" if self.stream_usage is None else self.stream_usage
        request = as_object(options.json_data)
        raw = any(name.lower() == _RAW for name in as_object(options.headers))
        given = as_object(request.get("stream_options"))
        elsewhere = look(getattr(options, "extra_json", None), "stream_options")
        if not wanted or not request or raw or "include_usage" in given or elsewhere is not None:
            return False
        options.json_data = {**request, "stream_options": {**given, "include_usage": True}}
        return True


def _provider(base_url: str) -> str | None:
    host = urlsplit(base_url).hostname or ""
    return next((provider for end, provider in _PROVIDERS.items() if host == end or host.endswith("." + end)), None)
