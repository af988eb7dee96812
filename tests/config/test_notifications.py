from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cost_mcp.config.settings import Loaded, load_settings
from cost_mcp.config.trust import trust
from cost_mcp.errors import ConfigError
from cost_mcp.model.address import AppriseUrl, Chat, Mailbox, Webhook
from cost_mcp.model.alert import KINDS

SLACK = "https://hooks.slack.com/services/T000/B000/s3cr3t-path"


def loaded(home: Path, text: str, tmp_path: Path, **environ: str) -> Loaded:
    (home / "config" / "cost-mcp" / "config.yaml").write_text(text, encoding="utf-8")
    return load_settings(environ, tmp_path)


def test_a_file_says_where_alerts_go_from_which_level_on(home: Path, tmp_path: Path):
    text = f"""
notifications:
  - type: email
    threshold: 80%
    to: [ops@example.com, "boss@example.com"]
    from: cost@example.com
    smtp_host: smtp.example.com
    smtp_user: cost
    smtp_password_env: SMTP_PASSWORD
  - type: slack
    name: ops
    level: critical
    kinds: budget
    url: {SLACK}
  - type: email
    to: me@example.com
  - type: webhook
    url_env: HOOK
    secret: s3cr3t-key
  - type: apprise
    url: discord://123/s3cr3t-token
  - type: discord
    url: discord://123/s3cr3t-token
"""
    found = loaded(home, text, tmp_path, SMTP_PASSWORD="s3cr3t-pass", HOOK="https://hook.example.com/s3cr3t")

    ops_mail, ops, own_mail, hook, apprise, discord = found.settings.notifications
    assert [one.channel.name for one in found.settings.notifications] == [
        "email-1", "ops", "email-2", "webhook-1", "apprise-1", "discord-1",
    ]  # fmt: skip
    assert ops_mail.address == Mailbox(
        to=("ops@example.com", "boss@example.com"),
        sender="cost@example.com",
        host="smtp.example.com",
        port=587,
        user="cost",
        password="s3cr3t-pass",
    )
    assert (ops_mail.channel.threshold_percent, ops_mail.channel.lowest_level) == (Decimal(80), "info")
    assert (ops.channel.lowest_level, ops.channel.kinds) == ("critical", ("budget", "test"))
    assert ops.address == Chat(service="slack", url=SLACK)
    assert own_mail.address == Mailbox(
        to=("me@example.com",), sender="me@example.com", host="localhost", port=25, security="none"
    )
    assert (own_mail.channel.lowest_level, own_mail.channel.kinds) == ("warning", KINDS)
    assert hook.address == Webhook(url="https://hook.example.com/s3cr3t", secret="s3cr3t-key")
    assert apprise.address == discord.address == AppriseUrl(url="discord://123/s3cr3t-token")
    assert "s3cr3t" not in repr(found) + "".join(str(one) for one in found.settings.notifications)
    assert str(ops) == "ops (slack at hooks.slack.com; from critical)"


def test_the_environment_says_it_too(home: Path, tmp_path: Path):
    found = loaded(
        home,
        "notifications: [{type: slack, url: 'https://chat.example.com/x'}]",
        tmp_path,
        COST_MCP_NOTIFY_URLS="mailto://u:p@example.com?to=a,b, discord://1/2\n ntfy://topic",
        COST_MCP_WEBHOOK_URL="http://127.0.0.1:8080/cost",
        COST_MCP_WEBHOOK_SECRET="s3cr3t",
        COST_MCP_NOTIFY_THRESHOLD="90%",
    )

    assert [(one.channel.name, one.address) for one in found.settings.notifications[1:]] == [
        ("notify-1", AppriseUrl(url="mailto://u:p@example.com?to=a,b")),
        ("notify-2", AppriseUrl(url="discord://1/2")),
        ("notify-3", AppriseUrl(url="ntfy://topic")),
        ("webhook", Webhook(url="http://127.0.0.1:8080/cost", secret="s3cr3t")),
    ]
    assert {one.channel.threshold_percent for one in found.settings.notifications} == {Decimal(90)}
    assert str(found.origins["notifications"]) == "COST_MCP_WEBHOOK_URL"


@pytest.mark.parametrize(
    ("item", "line", "says"),
    [
        ("type: slack\n    ulr: https://s3cr3t.example.com", 3, "ulr is not a field of slack notifications. Did you mean url?"),
        ("type: slak", 2, "no known type. Did you mean slack? Use one of: email, slack"),
        ("type: slack", 2, "has no url"),
        ("type: slack\n    url: s3cr3t", 3, "not an URL of slack"),
        ("type: slack\n    url: 'https://s3cr3t host/x'", 3, "not an URL of slack"),
        ("type: slack\n    url: discord://s3cr3t/x", 3, "not an URL of slack"),
        ("type: apprise\n    url: s3cr3t", 3, "not an URL"),
        ("type: webhook\n    url: ftp://s3cr3t", 3, "not an URL of webhook"),
        ("type: webhook\n    url: https://a.example\n    url_env: A", 4, "url stands there too"),
        ("type: webhook\n    url_env: s3cr3t.token", 3, "not the name of a variable"),
        ("type: webhook\n    url: https://a.example\n    threshold: 0%", 4, "threshold is not a percent"),
        ("type: webhook\n    url: https://a.example\n    level: loud", 4, "level is not known"),
        ("type: webhook\n    url: https://a.example\n    kinds: [test]", 4, "kinds are not known"),
        ("type: webhook\n    url: https://a.example\n    name: https://s3cr3t", 4, "name is an address"),
        ("type: email", 2, "no addresses to send to"),
        ("type: email\n    to: s3cr3t", 3, "no addresses to send to"),
        ("type: email\n    to: a@example.com\n    smtp_port: 99999", 4, "not a port"),
        ("type: email\n    to: a@example.com\n    smtp_security: ssl", 4, "Use one of: starttls, tls, none"),
        ("type: email\n    to: a@example.com\n    smtp_user: me", 4, "belong together"),
        ("type: email\n    to: a@example.com\n    smtp_host: 'a b'", 4, "not a host"),
        ("type: email\n    to: a@example.com\n    from: s3cr3t", 4, "from is not an address"),
        ("type: email\n    to: a@example.com\n    url: mailto://u:s3cr3t@example.com", 3, "beside a url"),
        (
            "type: email\n    to: a@b.c\n    smtp_host: h.example\n    smtp_user: u\n    smtp_password: s3cr3t\n    smtp_security: none",
            7,
            "in the clear",
        ),
    ],
)
def test_what_is_malformed_is_named_by_its_place_and_never_quoted(home: Path, tmp_path: Path, item: str, line: int, says: str):
    with pytest.raises(ConfigError) as refused:
        loaded(home, f"notifications:\n  - {item}\n", tmp_path)

    assert f"config.yaml, line {line}: " in str(refused.value)
    assert says in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_two_channels_of_one_name_are_refused(home: Path, tmp_path: Path):
    item = "{type: slack, name: ops, url: 'https://a.example'}"
    with pytest.raises(ConfigError, match="line 3: a notification of this name stands already"):
        loaded(home, f"notifications:\n  - {item}\n  - {item}\n", tmp_path)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("COST_MCP_NOTIFY_URLS", "s3cr3t"),
        ("COST_MCP_WEBHOOK_URL", "s3cr3t"),
        ("COST_MCP_NOTIFY_THRESHOLD", "s3cr3t"),
    ],
)
def test_a_malformed_variable_is_named(home: Path, tmp_path: Path, variable: str, text: str):
    with pytest.raises(ConfigError, match=f"^{variable}") as refused:
        loaded(home, "", tmp_path, **{variable: text})
    assert "s3cr3t" not in str(refused.value)


def test_a_channel_whose_variable_is_not_set_stops_nothing_else(home: Path, tmp_path: Path):
    found = loaded(home, "notifications:\n- {type: slack, url_env: GONE}\n- {type: email, to: a@example.com}\n", tmp_path)

    assert [one.channel.name for one in found.settings.notifications] == ["email-1"]
    assert any("GONE is not set. The channel slack-1 is ignored." in warning for warning in found.warnings)


@pytest.mark.usefixtures("home")
def test_cloned_code_does_not_say_where_alerts_go_until_it_is_trusted(repository: Path):
    file = repository / ".cost-mcp" / "config.yaml"
    file.write_text(f"project: shop\nnotifications:\n  - type: slack\n    url: {SLACK}\n", encoding="utf-8")

    before = load_settings({}, repository)
    trust(repository / ".cost-mcp")
    after = load_settings({}, repository)

    assert before.settings.notifications == ()
    assert any("notifications ignored, because a project's file is not trusted" in warning for warning in before.warnings)
    assert [one.channel.name for one in after.settings.notifications] == ["slack-1"]


@pytest.mark.usefixtures("home")
def test_a_misspelt_variable_is_told_the_nearest(tmp_path: Path):
    assert any(
        "Did you mean COST_MCP_NOTIFY_URLS?" in w for w in load_settings({"COST_MCP_NOTIFY_URL": "x"}, tmp_path).warnings
    )


def test_what_the_readme_shows_is_taken(home: Path, tmp_path: Path):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = (part for part in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL) if "notifications:" in part)
    found = loaded(home, block, tmp_path, SMTP_PASSWORD="p", SLACK_WEBHOOK_URL=SLACK, WEBHOOK_SECRET="s")

    assert [str(one) for one in found.settings.notifications] == [
        "email-1 (email to ops@example.com over smtp.example.com:587; from 80%)",
        "ops (slack at hooks.slack.com; from warning)",
        "webhook-1 (webhook at example.com, signed; from warning)",
        "apprise-1 (ntfy through apprise; from warning)",
    ]
    assert found.warnings == ()
