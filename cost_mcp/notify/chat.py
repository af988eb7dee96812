"""A message as Slack, Teams and Discord take it at an incoming webhook.

Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and …/formatting-message-text (what is escaped),
learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using (adaptive cards, also for
Workflows), discord.com/developers/docs/resources/webhook#execute-webhook; read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping

from cost_mcp.notify.message import Message

_DISCORD_MAX = 2000


def chat_body(service: str, message: Message) -> Mapping[str, object]:
    """The JSON the service expects. Nobody is mentioned by it, whatever names hold."""
    if service == "slack":
        return {"text": f"*{_slack(message.title)}*\n{_slack(message.text)}"}
    if service == "discord":
        content = f"**{message.title}**\n{message.text}"[:_DISCORD_MAX]
        return {"content": content, "allowed_mentions": {"parse": []}}
    return {"type": "message", "attachments": [_card(message)]}


def _card(message: Message) -> dict[str, object]:
    blocks = [
        {"type": "TextBlock", "text": message.title, "weight": "Bolder", "size": "Medium", "wrap": True},
        {"type": "TextBlock", "text": message.text, "wrap": True},
    ]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
