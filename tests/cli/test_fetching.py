from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cost_mcp.cli.fetching import MAX_BYTES, text_of
from cost_mcp.errors import InvalidInput


class Answers(BaseHTTPRequestHandler):
    """A price server: a book, a moved book, a book that is none, a redirect into the files of this machine."""

    def do_GET(self) -> None:
        """Answer by path."""
        places = {"/moved": "/book", "/files": "file:///etc/passwd", "/outside": "http://192.0.2.1/book"}
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            self.end_headers()
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        if self.path == "/huge":
            self.wfile.write(b"#" * (MAX_BYTES + 1))
        elif self.path == "/binary":
            self.wfile.write(b"\xff\xfe")
        else:
            self.wfile.write(b"prices: []\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Stay quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/book", "/moved"])
def test_a_book_on_this_machine_is_read_where_it_is_and_where_it_went(server: str, path: str):
    assert text_of(server + path) == "prices: []\n"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone", "the server answered 404"),
        ("/huge", "larger than"),
        ("/binary", "not UTF-8"),
        ("/files", "not https|cannot be fetched|answered 302"),
        ("/outside", "not https"),
    ],
)
def test_what_is_no_book_is_refused(server: str, path: str, reason: str):
    with pytest.raises(InvalidInput, match=reason):
        text_of(server + path)


@pytest.mark.parametrize(
    "url", ["http://example.com/prices.yaml", "file:///etc/passwd", "ftp://example.com/p", "http://127.0.0.1.example.com/"]
)
def test_only_https_is_fetched_from_elsewhere(url: str):
    with pytest.raises(InvalidInput, match="not https"):
        text_of(url)


def test_an_address_nobody_answers_at_is_named_as_such():
    with pytest.raises(InvalidInput, match="cannot be fetched"):
        text_of("http://127.0.0.1:1/book")


def test_a_file_that_is_not_there_is_named_as_such():
    with pytest.raises(InvalidInput, match="cannot be read"):
        text_of("/nowhere/at/all.yaml")
