"""Functions whose model calls are for something: the context, as a decorator."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from functools import wraps
from typing import Any, TypeVar, Unpack, cast

from cost_mcp.client.context import CallContext, as_fields, within

F = TypeVar("F", bound=Callable[..., Any])


def tracked(**context: Unpack[CallContext]) -> Callable[[F], F]:
    """Give a context to the calls inside a function: ``@cost_mcp.tracked(agent="reviewer", purpose="review")``.

    For functions, coroutines and generators of both kinds; a generator's context holds while it runs, not while its consumer
    does. The calls themselves are recorded by the tracked client they are made with.
    """
    fields = as_fields(context)

    def give(function: F) -> F:
        return cast("F", _within(fields, function))

    return give


def _within(fields: Mapping[str, object], function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _async_generator(fields, function)
    if inspect.isgeneratorfunction(function):
        return _generator(fields, function)
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with within(fields):
                return await function(*args, **kwargs)

        return coroutine

    @wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        with within(fields):
            return function(*args, **kwargs)

    return plain


def _generator(fields: Mapping[str, object], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        steps = function(*args, **kwargs)
        step, given = steps.send, None
        try:
            while True:
                try:
                    with within(fields):
                        value = step(given)
                except StopIteration as end:
                    return end.value
                step, given = steps.send, None
                try:
                    given = yield value
                except Exception as error:  # noqa: BLE001 the consumer's, for the function to see
                    step, given = steps.throw, error
        finally:
            with within(fields):
                steps.close()

    return generator


def _async_generator(fields: Mapping[str, object], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = function(*args, **kwargs)
        step, given = steps.asend, None
        try:
            while True:
                try:
                    with within(fields):
                        value = await step(given)
                except StopAsyncIteration:
                    return
                step, given = steps.asend, None
                try:
                    given = yield value
                except Exception as error:  # noqa: BLE001 the consumer's, for the function to see
                    step, given = steps.athrow, error
        finally:
            with within(fields):
                await steps.aclose()

    return generator
