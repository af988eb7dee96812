from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification

from cost_mcp.server.message import LINE_BYTES_MAX, Unreadable
from cost_mcp.server.pipe import Incoming


def line(method: str) -> bytes:
    return b'{"jsonrpc": "2.0", "method": "%s"}' % method.encode()


async def methods(incoming: Incoming) -> list[str]:
    found: list[str] = []
    async for item in incoming:
        if isinstance(item, SessionMessage):
            assert isinstance(item.message, JSONRPCNotification)
            found.append(item.message.method)
        else:
            assert isinstance(item, Unreadable)
            found.append(f"error {item.answer.error.code}")
    return found


@given(cuts=st.lists(st.integers(min_value=0, max_value=200)), last=st.sampled_from([b"", b"\n", b"\r\n", b"\n\n  \n"]))
async def test_it_does_not_matter_how_the_pipe_cuts_the_lines(cuts: list[int], last: bytes):
    whole = b"\n\n".join(line(name) for name in ("a", "b", "c")) + b"\nbroken\n" + line("d") + last
    incoming = Incoming()
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    for start, end in pairwise(places):
        incoming.data_received(whole[start:end])
    incoming.eof_received()
    assert await methods(incoming) == ["a", "b", "c", "error -32700", "d"]


async def test_a_line_beyond_all_measure_is_refused_and_the_next_one_read():
    incoming = Incoming()
    for _ in range(LINE_BYTES_MAX // 1_000_000 + 2):
        incoming.data_received(b"x" * 1_000_000)
    incoming.data_received(b"\n" + line("a") + b"\n")
    incoming.end()
    assert await methods(incoming) == ["error -32600", "a"]


async def test_what_arrived_before_the_end_is_handed_out():
    incoming = Incoming()
    incoming.data_received(line("a") + b"\n")
    incoming.connection_lost(None)
    assert await methods(incoming) == ["a"]
