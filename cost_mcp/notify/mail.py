"""An alert by email, over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from cost_mcp.errors import DeliveryFailed
from cost_mcp.model.address import Mailbox
from cost_mcp.notify.message import Message
from cost_mcp.notify.posting import TIMEOUT_SECONDS, failure_of


def mail(mailbox: Mailbox, message: Message, now: datetime, *, timeout: float = TIMEOUT_SECONDS) -> str | None:
    """Hand it to the mail server; answers which part of the recipients the server refused, None when it took all.

    Its Message-ID is the delivery's, so that mail servers drop what is sent again because nobody saw that it had arrived.

    Raises:
        DeliveryFailed: the server cannot be reached, or takes it for nobody.
    """
    try:
        with _connected(mailbox, timeout) as server:
            if mailbox.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mailbox.user is not None and mailbox.password is not None:
                server.login(mailbox.user, mailbox.password)
            refused = server.send_message(_email(mailbox, message, now), mailbox.sender, list(mailbox.to))
    except smtplib.SMTPException as error:
        raise _refusal(error) from None
    except (OSError, ValueError) as error:
        raise failure_of(error) from None
    return f"The mail server refused {len(refused)} of {len(mailbox.to)} recipients." if refused else None


def _connected(mailbox: Mailbox, timeout: float) -> smtplib.SMTP:
    if mailbox.security == "tls":
        return smtplib.SMTP_SSL(mailbox.host, mailbox.port, timeout=timeout, context=ssl.create_default_context())
    return smtplib.SMTP(mailbox.host, mailbox.port, timeout=timeout)


def _email(mailbox: Mailbox, message: Message, now: datetime) -> EmailMessage:
    email = EmailMessage()
    email["Subject"] = message.title
    email["From"] = mailbox.sender
    email["To"] = ", ".join(mailbox.to)
    email["Date"] = format_datetime(now)
    email["Message-ID"] = f"<{message.delivery_id}@{mailbox.sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
    email.set_content(f"{message.text}\n")
    return email


def _refusal(error: smtplib.SMTPException) -> DeliveryFailed:
    """Why, by kind and code alone: a mail server's words may repeat names."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryFailed(
            f"The mail server refused the login ({error.smtp_code}).", hint="Check smtp_user and its password."
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return DeliveryFailed("The mail server refused every recipient.", hint="Check `to` and `from`.")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryFailed("The mail server does not offer what is asked for.", hint="Check smtp_security and the port.")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return DeliveryFailed(f"The mail server answered {error.smtp_code}.", hint="Look into its log if it stays so.")
    return DeliveryFailed("The mail server ended the conversation.", hint="Check host, port and smtp_security.")
