from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

Browser = Dashboard = Any  # as the fixtures beside this file make them: tests cannot import their conftest


def browser_of(empty_dashboard: Dashboard) -> Browser:
    """One that was not let in."""
    browser = empty_dashboard.enter()
    browser.cookie = None
    return browser


def test_the_printed_address_lets_one_browser_in_once_and_the_next_is_printed(empty_dashboard: Dashboard):
    first = empty_dashboard.token
    one = empty_dashboard.enter()
    assert one.ask("/").status == 200
    assert empty_dashboard.token != first
    one.cookie = None
    assert one.ask(f"/enter?token={first}").headers["location"] == "/closed"
    two = empty_dashboard.enter()
    assert two.ask("/").status == 200


def test_the_cookie_is_for_no_script_and_no_other_site_and_the_token_leaves_the_address(empty_dashboard: Dashboard):
    stranger = browser_of(empty_dashboard)
    answer = stranger.ask(f"/enter?token={empty_dashboard.token}")
    empty_dashboard.next_token()
    assert (answer.status, answer.headers["location"]) == (303, "/")
    flags = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags


@pytest.mark.parametrize("path", ["/", "/events", "/nothing-here"])
def test_without_the_cookie_nothing_is_shown(empty_dashboard: Dashboard, path: str):
    stranger = browser_of(empty_dashboard)
    assert stranger.ask(path).status == 401
    assert stranger.ask(path, cookie=f"cost-mcp-{empty_dashboard.port}=guessed").status == 401
    shown = stranger.ask(path, accept="text/html")
    assert (shown.status, shown.headers["location"]) == (303, "/closed")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::", ""])
def test_another_name_for_this_address_is_refused(empty_dashboard: Dashboard, host: str):
    browser = empty_dashboard.enter()
    answer = browser.ask("/", host=host)
    assert answer.status in (400, 421)
    assert "Overview" not in answer.text


@pytest.mark.parametrize("host", ["localhost:9999", "127.0.0.1", "[::1]:80"])
def test_a_tunnel_may_give_it_another_port(empty_dashboard: Dashboard, host: str):
    assert empty_dashboard.enter().ask("/", host=host).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_a_form_of_another_site_is_refused(empty_dashboard: Dashboard, origin: str):
    browser = empty_dashboard.enter()
    assert browser.post("/", "", origin=origin).status == 403
    assert browser.ask("/", "POST", "").status == 403


def test_every_answer_forbids_what_a_page_never_needs(empty_dashboard: Dashboard):
    browser = empty_dashboard.enter()
    for path in ("/", "/closed", "/static/style.css", "/static/live.js", "/nothing-here"):
        headers = browser.ask(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_the_address_is_not_logged_and_a_port_that_is_taken_is_said(empty_dashboard: Dashboard):
    done = subprocess.run(
        [sys.executable, "-m", "cost_mcp", "dashboard", "--no-open", "--port", str(empty_dashboard.port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert f"port {empty_dashboard.port} is taken" in done.stderr
