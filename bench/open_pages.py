"""Pages that are open: each listens for news and then asks for itself again, at most once a second, as the page's script does.

Run as ``python -m bench.open_pages PORT COOKIE COUNT``; prints a line when all are open, and goes on until it is ended.
"""

from __future__ import annotations

import asyncio
import sys


async def page(port: int, cookie: str, opened: asyncio.Event) -> None:
    """One page: its stream of events, and itself after each."""
    stream, out = await asyncio.open_connection("127.0.0.1", port)
    out.write(f"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n".encode())
    await out.drain()
    pages, asks = await asyncio.open_connection("127.0.0.1", port)
    seen = b'""'
    while line := await stream.readline():
        if not line.startswith(b"event: written"):
            continue
        asks.write(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: %b\r\nif-none-match: %b\r\n\r\n" % (cookie.encode(), seen))
        await asks.drain()
        head = await pages.readuntil(b"\r\n\r\n")
        fields = dict(one.split(b": ", 1) for one in head.lower().split(b"\r\n")[1:] if b": " in one)
        await pages.readexactly(int(fields.get(b"content-length", b"0")))
        seen = fields.get(b"etag", seen)
        opened.set()
        await asyncio.sleep(1)


async def main(port: int, cookie: str, count: int) -> None:
    """Open them all."""
    opened = [asyncio.Event() for _ in range(count)]
    tasks = [asyncio.create_task(page(port, cookie, one)) for one in opened]
    await asyncio.gather(*(one.wait() for one in opened))
    print("open", flush=True)
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
