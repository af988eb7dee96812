"""What holds for every test: properties are judged by what they say, never by how long a busy machine takes. And receivers."""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import socket
import threading
from collections.abc import Generator, Mapping
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


class HttpReceiver:
    """A real HTTP server on the loopback: keeps what it is sent, answers as it is told, goes down and comes up again."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Mapping[str, str], bytes]] = []
        self.answers: list[int] = []  # one each, then 200
        self.headers: dict[str, str] = {}
        self.gate = threading.Event()  # closed: answers wait
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()
        self.url = f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listen, on the port it had before."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver.requests.append((self.path, dict(self.headers.items()), content))
                receiver.arrived.release()
                receiver.gate.wait(timeout=60)
                status = receiver.answers.pop(0) if receiver.answers else 200
                with contextlib.suppress(OSError):  # the sender was killed, or gave up
                    self.send_response(status)
                    for name, value in (*receiver.headers.items(), ("Content-Length", "0")):
                        self.send_header(name, value)
                    self.end_headers()

            do_GET = do_POST  # noqa: N815 (the library's name)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's signature)
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that is gone is no error of the test."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def close(self) -> None:
        """Let everything go."""
        self.gate.set()
        if self._server is not None:
            self.down()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Generator[HttpReceiver]:
    """Somebody who is told by HTTP; no proxy stands between."""
    monkeypatch.setenv("no_proxy", "*")
    made = HttpReceiver()
    yield made
    made.close()


class Mailserver:
    """A real SMTP server on the loopback: keeps the mails it took; ``refuse`` answers every recipient with that code."""

    def __init__(self) -> None:
        from aiosmtpd.controller import Controller

        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuse: dict[str, str] = {}
        self.answer = "250 taken"
        self.arrived = threading.Semaphore(0)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802 (the library's signature)
        """Take a recipient, or not."""
        answer = self.refuse.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 (the library's signature)
        """Keep a mail."""
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients.append(list(envelope.rcpt_tos))
        self.arrived.release()
        return self.answer

    def close(self) -> None:
        """Stop listening."""
        self._controller.stop()


@pytest.fixture
def mailserver() -> Generator[Mailserver]:
    """Somebody who takes mail."""
    made = Mailserver()
    yield made
    made.close()
