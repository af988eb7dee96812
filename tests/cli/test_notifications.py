from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.conftest import HttpReceiver, Mailserver

CALL = ("record", "--model", "gpt-5", "--provider", "openai", "--input-tokens", "10", "--cost-usd", "9")


def test_a_recorded_call_that_raises_an_alert_is_answered_and_then_told(cli: Cli, receiver: HttpReceiver):
    ran = cli(*CALL, DAILY_LIMIT="10", WEBHOOK_URL=receiver.url)

    assert ran.code == 0
    assert "$9.00" in ran.out
    assert len(receiver.requests) == 1


def test_a_receiver_that_refuses_does_not_make_a_recorded_call_fail(cli: Cli, receiver: HttpReceiver):
    receiver.answers = [500]
    ran = cli(*CALL, DAILY_LIMIT="10", WEBHOOK_URL=f"{receiver.url}/s3cr3t")

    assert ran.code == 0
    assert "warning: An alert was not delivered on the channel webhook (attempt 1): The receiver answered HTTP 500." in ran.err
    assert "s3cr3t" not in ran.out + ran.err


def test_what_was_given_up_is_sent_when_it_is_tried_again(cli: Cli, receiver: HttpReceiver):
    receiver.answers = [500]
    cli(*CALL, DAILY_LIMIT="10", WEBHOOK_URL=receiver.url)
    before = cli("alerts", "list", "--json", DAILY_LIMIT="10", WEBHOOK_URL=receiver.url).json["alerts"]
    ran = cli("alerts", "retry", "--all", DAILY_LIMIT="10", WEBHOOK_URL=receiver.url)
    after = cli("alerts", "list", "--json", DAILY_LIMIT="10", WEBHOOK_URL=receiver.url).json["alerts"]

    assert [one["state"] for one in before[0]["deliveries"]] == ["waiting"]
    assert ran.code == 0
    assert [one["state"] for one in after[0]["deliveries"]] == ["delivered"]
    assert len(receiver.requests) == 2


def config(home: Path, text: str) -> str:
    file = home / "config.yaml"
    file.write_text(f"notifications:\n{text}", encoding="utf-8")
    return str(file)


def test_the_doctor_names_the_channels_and_no_secret(cli: Cli, home: Path):
    text = """
  - {type: slack, name: ops, url: "https://hooks.slack.com/services/s3cr3t", threshold: 80%}
  - {type: email, to: a@example.com, smtp_host: smtp.example.com, smtp_user: u, smtp_password: s3cr3t}
  - {type: webhook, url: "https://me:s3cr3t@hook.example.com:8443/s3cr3t?s3cr3t", secret: s3cr3t}
  - {type: apprise, url: "pover://s3cr3t@s3cr3t"}
  - {type: apprise, url: "unheardof://s3cr3t"}
"""
    ran = cli("doctor", CONFIG=config(home, text))

    assert "ops (slack at hooks.slack.com; from 80%)" in cli("doctor", "--json", CONFIG=config(home, text)).out
    assert "unheardof through apprise; from warning" in cli("doctor", "--json", CONFIG=config(home, text)).out
    assert ran.code == 1
    assert "The channel apprise-2" in ran.out
    assert "s3cr3t" not in ran.out + ran.err


def test_a_test_says_per_channel_what_happened(cli: Cli, home: Path, receiver: HttpReceiver, mailserver: Mailserver):
    receiver.answers = [404]
    text = f"""
  - {{type: email, to: ops@example.com, smtp_host: 127.0.0.1, smtp_port: {mailserver.port}}}
  - {{type: slack, name: ops, url: "{receiver.url}/s3cr3t"}}
"""
    file = config(home, text)
    ran = cli("alerts", "test", CONFIG=file)
    one = cli("alerts", "test", "--channel", "ops", "--json", CONFIG=file)

    assert ran.code == 1
    assert mailserver.mails[0]["Subject"] == "cost-mcp: test of email-1"
    assert "ops: The receiver answered HTTP 404." in ran.out
    assert "s3cr3t" not in ran.out + ran.err
    assert (one.code, len(mailserver.mails), len(receiver.requests)) == (0, 1, 2)
    assert one.json == {"channels": [{"channel": "ops", "address": f"slack at 127.0.0.1:{receiver.port}", "delivered": True}]}
    assert not (home / "ledger.db").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("alerts", "test"), "No channel is configured. Give `notifications:`"),
        (("alerts", "test", "--channel", "opps"), "No channel has this name. Did you mean ops?"),
        (("alerts", "test", "--channel", "other"), "No channel has this name. There are: ops."),
    ],
)
def test_a_test_of_no_channel_names_the_next_step(cli: Cli, home: Path, words: tuple[str, ...], says: str):
    file = config(home, "  - {type: slack, name: ops, url: 'https://a.example'}\n") if "--channel" in words else ""
    ran = cli(*words, CONFIG=file)

    assert ran.code == 2
    assert says in ran.err
