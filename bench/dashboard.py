"""The dashboard on a million calls: how long its overview takes, how large it is, and what fifty open pages cost who records."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.stdio import CALL, OURS, environment
from bench.table import Row, median, shown
from bench.wire import Wire

PAGES = 50
BATCH = 150


class Page:
    """One browser's worth of requests to a running dashboard."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._cookie = ""
        answer, _ = self._ask(f"/enter?token={token}")
        self._cookie = answer.get("set-cookie", "").split(";")[0]

    def seconds(self, path: str) -> tuple[float, int]:
        """How long one answer takes, and its bytes."""
        began = time.perf_counter()
        _, body = self._ask(path)
        return time.perf_counter() - began, len(body)

    def _ask(self, path: str) -> tuple[dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", path, headers={"cookie": self._cookie})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}")
        return found

    @contextmanager
    def open_pages(self, count: int) -> Generator[None]:
        """So many pages open in a process of their own, each doing what the page's script does."""
        watcher = subprocess.Popen(
            [sys.executable, "-m", "bench.open_pages", str(self._port), self._cookie, str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert watcher.stdout is not None
        watcher.stdout.readline()  # all of them are open
        try:
            yield
        finally:
            watcher.terminate()
            watcher.wait()
            watcher.stdout.close()


@contextmanager
def served(db: Path) -> Generator[Page]:
    """A dashboard on a ledger, as its command starts it."""
    program = subprocess.Popen(
        [sys.executable, "-m", "cost_mcp", "dashboard", "--no-open", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(db),
    )
    assert program.stdout is not None
    found = re.search(r":(\d+)/enter\?token=([\w-]+)", program.stdout.readline())
    assert found is not None
    try:
        yield Page(int(found[1]), found[2])
    finally:
        program.terminate()
        program.wait()
        program.stdout.close()


def dashboard(large: Path, small: Path, rounds: int = 6) -> list[Row]:
    """The rows of this measurement; ``small`` is a new ledger with budgets, to record into."""
    with served(large) as page:
        page.seconds("/")
        # Another address each time, so that none is one that was drawn before.
        times = [page.seconds(f"/?n={n}")[0] for n in range(25)]
        size = sum(page.seconds(path)[1] for path in ("/", "/static/style.css", "/static/live.js", "/static/icon.svg"))
    return [
        Row("dashboard: overview of 1,000,000 calls", shown(median(times), "s"), "", "", "≤ 100 ms", median(times) <= 0.1),
        Row("… the page with all it loads", shown(size, "B"), "", "", "≤ 200,000 B", size <= 200_000),
        _fifty(small, rounds),
    ]


def _fifty(db: Path, rounds: int) -> Row:
    wire = Wire(OURS, environment(db))
    wire.initialize()
    with_pages: list[float] = []
    without: list[float] = []
    calls = iter(range(10**9))

    def record() -> list[float]:
        return [wire.call("record_call", {**CALL, "call_id": f"page-{next(calls)}"}) for _ in range(BATCH)]

    with served(db) as page:
        record()
        for _ in range(rounds):
            without += record()
            with page.open_pages(PAGES):
                with_pages += record()
    wire.close()
    ratio = median(with_pages) / median(without)
    figures = shown(median(with_pages), "s"), shown(median(without), "s"), f"{ratio:.2f} ×"
    return Row(f"… `record_call` p50 with {PAGES} pages open (against none)", *figures, "≤ 1.1 ×", ratio <= 1.1)
