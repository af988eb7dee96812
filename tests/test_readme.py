"""What the README shows is what there is: configurations are the files in examples, its Python runs, its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", blocks("json"))
def test_a_configuration_in_the_readme_is_a_file_in_examples(block: str):
    examples = [json.loads(file.read_text()) for file in (ROOT / "examples").rglob("*.json")]
    assert json.loads(block) in examples


ANSWER: dict[str, object] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6", "content": [], "stop_reason": "end_turn",
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}  # fmt: skip


@pytest.fixture
def provider() -> Generator[str]:
    """Somebody on the loopback who answers as Anthropic does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            content = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's signature)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("block", blocks("python"))
def test_the_python_in_the_readme_runs(block: str, tmp_path: Path, provider: str):
    program = (
        "import asyncio\n"
        'response = {"id": "msg_1", "model": "claude-opus-4-6", "usage": {"input_tokens": 1000, "output_tokens": 100}}\n'
        "async def main():\n" + textwrap.indent(block, "    ") + "\nasyncio.run(main())\n"
    )
    env = {**os.environ, "COST_MCP_DB": str(tmp_path / "ledger.db"), "COST_MCP_CONFIG": ""}
    env |= {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": provider, "no_proxy": "*"}
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if "print" in block:
        assert "0.0075" in done.stdout


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))))
def test_a_link_in_the_readme_leads_to_a_file(link: str):
    assert (ROOT / link).exists()


def test_no_figure_was_left_to_be_filled_in():
    assert "@@" not in README
