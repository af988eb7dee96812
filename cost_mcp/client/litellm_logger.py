"""LiteLLM's calls, recorded through its own callbacks; LiteLLM is imported only when the program has it already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Unpack, cast

from cost_mcp.client.context import CONTEXT_FIELDS, CallContext, as_fields, current, is_untracked, joined
from cost_mcp.client.recorder import Recorder
from cost_mcp.client.response import counts, essence, has_usage, look
from cost_mcp.client.shared import recorder_for
from cost_mcp.errors import InvalidInput

MOST_UNDER_WAY = 10_000
"""Calls whose context is kept from their beginning to their end; LiteLLM calls back from threads that do not know it."""

METADATA = "cost_mcp"
"""The entry of LiteLLM's own ``metadata`` that may hold a call's context: ``metadata={"cost_mcp": {"task_id": "T-1"}}``."""


def litellm_logger(*, db: str | Path | None = None, **context: Unpack[CallContext]) -> Any:
    """A LiteLLM ``CustomLogger`` that records every call: ``litellm.callbacks = [cost_mcp.litellm_logger()]``.

    Answers from LiteLLM's cache cost nothing and are left out. The cost LiteLLM computes is kept beside ours, not taken for it.

    Args:
        db: The ledger's file, as for ``cost_mcp.track``.
        context: What all calls are for; a context around a call and ``metadata={"cost_mcp": {…}}`` are put over it.

    Raises:
        InvalidInput: LiteLLM is not installed.
    """
    try:
        base: Any = import_module("litellm.integrations.custom_logger")
    except ImportError:
        raise InvalidInput(
            "LiteLLM is not installed.", field="litellm", hint="Install litellm where this program runs."
        ) from None
    kind = type("CostLogger", (LiteLLMEvents, base.CustomLogger), {})
    return kind(recorder_for(db), as_fields(context))


class LiteLLMEvents:
    """What LiteLLM calls back, by the names and signatures of its ``CustomLogger``.

    Source: https://docs.litellm.ai/docs/observability/custom_callback; litellm ``integrations/custom_logger.py`` (commit
    00298b3d). Read 2026-11-22. Usage is told in OpenAI's words, cache reads and writes inside the prompt, by every provider.
    """

    def __init__(self, recorder: Recorder, fields: Mapping[str, object]) -> None:
        super().__init__()
        self._recorder = recorder
        self._fields = fields
        self._begun: OrderedDict[str, Mapping[str, object] | None] = OrderedDict()

    def log_pre_api_call(self, model: object, messages: object, kwargs: object) -> None:  # noqa: ARG002 (LiteLLM's signature)
        """A call begins: its context is known here, in the thread that makes it."""
        try:
            name = look(kwargs, "litellm_call_id")
            if isinstance(name, str):
                self._begun[name] = None if is_untracked() else joined(self._fields, current())
                while len(self._begun) > MOST_UNDER_WAY:
                    self._begun.popitem(last=False)
        except Exception as error:  # noqa: BLE001 what is observed goes on
            self._fail(error)

    async def async_log_pre_api_call(self, model: object, messages: object, kwargs: object) -> None:
        """The same for asynchronous calls."""
        self.log_pre_api_call(model, messages, kwargs)

    def log_success_event(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:  # noqa: ARG002 (LiteLLM's signature)
        """A call has ended, with its whole response, a stream's too."""
        try:
            self._record(kwargs, response_obj)
        except Exception as error:  # noqa: BLE001 what is observed goes on
            self._fail(error)

    async def async_log_success_event(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:
        """The same for asynchronous calls."""
        self.log_success_event(kwargs, response_obj, start_time, end_time)

    def log_failure_event(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:  # noqa: ARG002 (LiteLLM's signature)
        """A call has failed: nothing is recorded."""
        self._begun.pop(str(look(kwargs, "litellm_call_id")), None)

    async def async_log_failure_event(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:
        """The same for asynchronous calls."""
        self.log_failure_event(kwargs, response_obj, start_time, end_time)

    def _record(self, kwargs: object, response: object) -> None:
        here = None if is_untracked() else joined(self._fields, current())
        fields = self._begun.pop(str(look(kwargs, "litellm_call_id")), here)
        if fields is None or look(kwargs, "cache_hit") is True:
            return
        whole = look(kwargs, "async_complete_streaming_response") or look(kwargs, "complete_streaming_response") or response
        taken = essence(whole)
        if not has_usage(taken):
            if look(kwargs, "stream") is not True:  # a stream's single chunks come here too
                self._recorder.missed.note("no_usage", "LiteLLM's response carries no usage.")
            return
        told = joined(fields, _given(kwargs))
        provider = look(kwargs, "custom_llm_provider") or look(look(kwargs, "litellm_params"), "custom_llm_provider")
        if isinstance(provider, str):
            told["provider"] = provider
        model = look(kwargs, "model")
        if "model" not in taken and isinstance(model, str):
            told["model"] = model
        cost = counts(look(kwargs, "response_cost"))
        if isinstance(cost, int | float) and not isinstance(cost, bool):
            told = joined(told, {"metadata": {"litellm_cost_usd": cost}})
        self._recorder.put({**told, "usage": taken})

    def _fail(self, error: Exception) -> None:
        self._recorder.missed.note("unexpected", f"{type(error).__name__} in LiteLLM's callback.")


def _given(kwargs: object) -> dict[str, object]:
    given = look(look(look(kwargs, "litellm_params"), "metadata"), METADATA)
    if not isinstance(given, Mapping):
        return {}
    known = {name: value for name, value in cast("Mapping[str, object]", given).items() if name in CONTEXT_FIELDS}
    return as_fields(cast("CallContext", known))
