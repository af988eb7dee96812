"""What calls are for: contexts, functions with one, and calls that are left out."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest

from cost_mcp.client.context import context, current, is_untracked, untracked
from cost_mcp.client.decorator import tracked


def test_inner_contexts_add_to_outer_ones_and_end_with_their_blocks():
    with context(task_id="T-1", agent="planner", tags={"a": 1}, metadata={"route": "x"}):
        with context(agent="coder", purpose=None, tags={"b": 2}):
            assert current() == {
                "task_id": "T-1", "agent": "coder", "tags": {"a": 1, "b": 2}, "metadata": {"route": "x"},
            }  # fmt: skip
        assert current()["agent"] == "planner"
    assert current() == {}


def test_names_may_be_numbers_and_a_slip_of_a_name_is_told_at_once():
    with context(task_id=42):
        assert current() == {"task_id": "42"}
    slip: Any = context
    with pytest.raises(TypeError, match="no tasc_id"):
        slip(tasc_id="T-1")


async def test_a_context_follows_tasks_and_threads_and_stays_out_of_neighbours():
    async def seen() -> object:
        await asyncio.sleep(0)
        return current().get("task_id")

    async def work(name: str) -> tuple[object, object]:
        with context(task_id=name):
            return await asyncio.create_task(seen()), await asyncio.to_thread(current)

    first, second = await asyncio.gather(work("a"), work("b"))
    assert (first, second) == (("a", {"task_id": "a"}), ("b", {"task_id": "b"}))
    found: list[object] = []
    with context(task_id="c"):
        copied = contextvars.copy_context()
        thread = threading.Thread(target=lambda: copied.run(lambda: found.append(current()["task_id"])))
        thread.start()
        thread.join()
    assert found == ["c"]


def test_untracked_holds_inside_and_ends():
    with untracked():
        assert is_untracked()
        with context(task_id="T-1"), untracked():
            assert is_untracked()
        assert is_untracked()
    assert not is_untracked()


def test_a_block_left_in_another_context_than_it_was_entered_in_breaks_nothing():
    def steps() -> Generator[None]:
        with context(task_id="T-1"), untracked():
            yield

    there = contextvars.copy_context()
    paused = steps()
    there.run(next, paused)
    paused.close()
    assert current() == {}


def agent() -> object:
    return current().get("agent")


def as_function(wrap: Callable[[Any], Any]) -> object:
    return wrap(agent)()


def as_coroutine(wrap: Callable[[Any], Any]) -> object:
    @wrap
    async def work() -> object:
        await asyncio.sleep(0)
        return agent()

    return asyncio.run(work())


def as_generator(wrap: Callable[[Any], Any]) -> object:
    @wrap
    def work() -> Generator[object]:
        yield agent()

    steps = work()
    first = next(steps)
    assert agent() is None, "the consumer has a context of its own"
    return first


def as_async_generator(wrap: Callable[[Any], Any]) -> object:
    @wrap
    async def work() -> AsyncGenerator[object]:
        yield agent()

    async def consume() -> object:
        async for found in work():
            assert agent() is None, "the consumer has a context of its own"
            return found
        return None

    return asyncio.run(consume())


@pytest.mark.parametrize("kind", [as_function, as_coroutine, as_generator, as_async_generator])
def test_a_decorated_function_of_any_kind_has_its_context(kind: Any):
    assert kind(tracked(agent="reviewer")) == "reviewer"
    assert agent() is None


def test_a_decorated_generator_still_takes_what_it_is_sent_and_thrown_and_returns():
    seen: list[object] = []

    @tracked(agent="reviewer")
    def work() -> Generator[object, object, str]:
        seen.append((yield 1))
        try:
            yield 2
        except ValueError:
            seen.append("thrown")
        try:
            yield 3
        finally:
            seen.append(agent())
        return "done"

    steps = work()
    assert (next(steps), steps.send("sent"), steps.throw(ValueError())) == (1, 2, 3)
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert (seen, ended.value.value) == (["sent", "thrown", "reviewer"], "done")
    closed = work()
    next(closed)
    closed.close()


async def test_a_decorated_asynchronous_generator_does_so_too():
    seen: list[object] = []

    @tracked(agent="reviewer")
    async def work() -> AsyncGenerator[object, object]:
        seen.append((yield 1))
        try:
            yield 2
        except ValueError:
            seen.append("thrown")
        try:
            yield 3
        finally:
            seen.append(agent())

    steps = work()
    assert (await anext(steps), await steps.asend("sent"), await steps.athrow(ValueError())) == (1, 2, 3)
    await steps.aclose()
    assert seen == ["sent", "thrown", "reviewer"]


def test_a_decorated_function_keeps_its_name_and_what_it_raises():
    @tracked(agent="reviewer")
    def review(number: int) -> float:
        """Review."""
        return 1 / number

    assert (review.__name__, review.__doc__, review(2)) == ("review", "Review.", 0.5)
    with pytest.raises(ZeroDivisionError):
        review(0)
