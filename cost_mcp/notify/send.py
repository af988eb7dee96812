"""One alert to one address, whatever it is; blocks until it is there or is known not to be."""

from __future__ import annotations

from datetime import datetime

from cost_mcp.model.address import Address, AppriseUrl, Chat, Mailbox
from cost_mcp.model.alert import Alert
from cost_mcp.notify.hush import hushed
from cost_mcp.notify.message import alert_body, message_of


def send(address: Address, alert: Alert, channel: str, now: datetime) -> str | None:
    """Send it; answers what is worth a remark although it was taken, None when there is nothing.

    Args:
        address: where to.
        alert: what is told.
        channel: the channel's name, which with the alert makes the delivery's id.
        now: the time that is signed and dated.

    Raises:
        DeliveryFailed: the receiver did not take it.
    """
    message = message_of(alert, channel)
    if isinstance(address, AppriseUrl):
        from cost_mcp.notify.by_apprise import send_by_apprise

        send_by_apprise(address.url, message)
        return None
    with hushed():
        if isinstance(address, Mailbox):
            from cost_mcp.notify.mail import mail

            return mail(address, message, now)
        from cost_mcp.notify.posting import json_bytes, post

        if isinstance(address, Chat):
            from cost_mcp.notify.chat import chat_body

            post(address.url, json_bytes(chat_body(address.service, message)), {})
            return None
        from cost_mcp.notify.signature import signed_headers

        content = json_bytes(alert_body(message))
        post(address.url, content, signed_headers(address.secret, message.delivery_id, now, content))
        return None
