"""An alert to any of the services that the apprise library knows.

apprise (BSD-2-Clause, github.com/caronc/apprise; version 2.2 read 2026-11-22) blocks while it sends, says only whether a
service took it, and logs why, together with addresses: so it is called in a thread that is kept quiet. Its ``notify`` over
several services is not used, since that leaves threads behind which a process waits for when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from cost_mcp.errors import DeliveryFailed
from cost_mcp.notify.hush import hush_loggers, hushed
from cost_mcp.notify.message import Message

if TYPE_CHECKING:
    from apprise import NotifyBase

_TYPES = {"info": "info", "warning": "warning", "critical": "failure", "exceeded": "failure"}
_INSTALL = "Install it: pip install 'cost-mcp[notify]'."


def send_by_apprise(url: str, message: Message) -> None:
    """Send it to the service the URL names.

    Raises:
        DeliveryFailed: apprise is not installed, does not know the URL, or the service did not take the alert.
    """
    with hushed() as heard:
        service = _service(url)
        try:
            taken = service.notify(body=message.text, title=message.title, notify_type=_TYPES[message.alert.level])
        except Exception as error:  # noqa: BLE001 (180 plugins by many hands: whatever one raises is why it was not sent)
            raise DeliveryFailed(f"apprise failed ({type(error).__name__}).", hint="Check the URL.") from None
        if not taken:
            why = (
                f"The service answered HTTP {heard.status}."
                if heard.status
                else "The service did not take it, or is out of reach."
            )
            raise DeliveryFailed(why, hint="Check the URL, and the service.")


def check_apprise(url: str) -> None:
    """Whether apprise is there and takes the URL; nothing is sent.

    Raises:
        DeliveryFailed: one of both is not so.
    """
    with hushed():
        _service(url)


def _service(url: str) -> NotifyBase:
    try:
        import apprise  # 80 ms, and as much again for its plugins: only where something is sent through it
    except ImportError:
        raise DeliveryFailed("This channel needs the apprise library, which is not installed.", hint=_INSTALL) from None
    hush_loggers()
    # Nothing is kept on the disk, no key made there, and no redirect followed unless the URL itself says ?redirect=yes.
    options: dict[str, Any] = {"storage_mode": "memory", "pgp_autogen": False, "pem_autogen": False, "http_redirects": False}
    asset = apprise.AppriseAsset(app_id="cost-mcp", app_desc="cost-mcp", **options)
    try:
        instantiate = cast("Callable[..., NotifyBase | None]", apprise.Apprise.instantiate)  # pyright: ignore[reportUnknownMemberType]: half typed
        service = instantiate(url, asset=asset)
    except Exception:  # noqa: BLE001 (parsers by many hands; what they say quotes the URL)
        service = None
    if service is None:
        raise DeliveryFailed(
            "apprise cannot use the URL: the service is unknown, or something is missing.",
            hint="Compare it with the service's page on appriseit.com.",
        )
    return service
