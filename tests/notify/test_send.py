from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import socket
import ssl
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cost_mcp.errors import DeliveryFailed
from cost_mcp.model.address import Address, AppriseUrl, Chat, Mailbox, Webhook
from cost_mcp.model.alert import Alert
from cost_mcp.notify.by_apprise import check_apprise
from cost_mcp.notify.send import send

if TYPE_CHECKING:
    from tests.conftest import HttpReceiver, Mailserver

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALERT = Alert(
    alert_id="a-1",
    kind="budget",
    level="warning",
    raised_at=NOW,
    subject="daily",
    window_start=NOW.replace(hour=0),
    window_end=NOW.replace(hour=0) + timedelta(days=1),
    threshold_percent=Decimal(80),
    budget="daily",
    budget_id="b-1",
    period="day",
    mode="alert",
    unit="usd",
    limit=Decimal(10),
    spent=Decimal("8.4199"),
    reserved=Decimal("0.5"),
    unpriced_calls=2,
)
TEXT = (
    "The budget daily is at its warning level: spent $8.42 of $10.00 (84 %, the level begins at 80 %), $0.50 reserved on top, "
    "not counting 2 calls without a known price; its window ends 2026-11-23 00:00 UTC; "
    "`cost-mcp budget status daily` shows where it stands now."
)


def nobody() -> str:
    """An address on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_webhook_carries_the_figures_and_a_signature_that_its_receiver_can_check(receiver: HttpReceiver):
    send(Webhook(url=f"{receiver.url}/cost?x=1", secret="whsec_c2VjcmV0LWtleQ=="), ALERT, "ops", NOW)

    ((path, headers, content),) = receiver.requests
    body = json.loads(content)
    given = {name.lower(): value for name, value in headers.items()}
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + content
    digest = hmac.new(b"secret-key", signed, hashlib.sha256).digest()
    assert path == "/cost?x=1"
    assert given["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert given["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert given["webhook-id"] == body["delivery_id"]
    assert given["content-type"] == "application/json"
    assert body["text"] == TEXT
    assert body["title"] == "cost-mcp: budget daily at 84 % (warning)"
    assert (body["limit"], body["spent"], body["reserved"], body["used_percent"]) == ("10", "8.4199", "0.5", "84.19")
    assert (body["type"], body["level"], body["window_end"]) == ("cost_mcp.alert.budget", "warning", "2026-11-23T00:00:00Z")
    assert None not in body.values()


def test_an_attempt_repeated_has_the_same_id_and_another_channel_or_tenant_another(receiver: HttpReceiver):
    webhook = Webhook(url=receiver.url)
    for alert, channel in ((ALERT, "ops"), (ALERT, "ops"), (ALERT, "team"), (replace(ALERT, tenant="acme"), "ops")):
        send(webhook, alert, channel, NOW)

    first, again, other, foreign = (headers["Webhook-Id"] for _, headers, _ in receiver.requests)
    assert first == again
    assert len({first, other, foreign}) == 3
    assert all("Webhook-Signature" not in headers for _, headers, _ in receiver.requests)


def test_each_chat_gets_the_json_it_expects_and_nobody_is_mentioned_by_a_name(receiver: HttpReceiver):
    alert = replace(ALERT, subject="<!channel> & @everyone")
    for service in ("slack", "teams", "discord"):
        send(Chat(service=service, url=f"{receiver.url}/{service}"), alert, "ops", NOW)

    slack, teams, discord = (json.loads(content) for _, _, content in receiver.requests)
    assert slack["text"].startswith("*cost-mcp: budget &lt;!channel&gt; &amp; @everyone at 84 % (warning)*\n")
    (attachment,) = teams["attachments"]
    assert teams["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert "spent $8.42 of $10.00" in attachment["content"]["body"][1]["text"]
    assert "spent $8.42 of $10.00" in discord["content"]
    assert discord["allowed_mentions"] == {"parse": []}


def test_an_address_may_hold_a_login(receiver: HttpReceiver):
    send(Webhook(url=receiver.url.replace("://", "://me:p%40ss@")), ALERT, "ops", NOW)

    assert receiver.requests[0][1]["Authorization"] == f"Basic {base64.b64encode(b'me:p@ss').decode()}"


def mailbox(port: int, **given: object) -> Mailbox:
    box = Mailbox(to=("ops@example.com",), sender="cost@example.com", host="127.0.0.1", port=port, security="none")
    return replace(box, **given)  # pyright: ignore[reportArgumentType]


def test_an_email_says_the_same_under_an_id_that_stays(mailserver: Mailserver):
    for _ in range(2):
        assert send(mailbox(mailserver.port), ALERT, "email-1", NOW) is None

    first, again = mailserver.mails
    assert first["Subject"] == "cost-mcp: budget daily at 84 % (warning)"
    assert " ".join(first.get_content().split()) == TEXT
    assert (first["From"], first["To"]) == ("cost@example.com", "ops@example.com")
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")
    assert first["Auto-Submitted"] == "auto-generated"


def test_a_recipient_refused_is_told_and_the_others_get_it_once(mailserver: Mailserver):
    mailserver.refuse["gone@example.com"] = "550 s3cr3t"
    box = mailbox(mailserver.port, to=("ops@example.com", "gone@example.com"))

    assert send(box, ALERT, "email-1", NOW) == "The mail server refused 1 of 2 recipients."
    assert mailserver.recipients == [["ops@example.com"]]
    with pytest.raises(DeliveryFailed, match=r"^The mail server refused every recipient\."):
        send(replace(box, to=("gone@example.com",)), ALERT, "email-1", NOW)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"security": "starttls"}, "does not offer what is asked for"),
        ({"security": "tls"}, "does not speak TLS as asked"),
        ({"user": "me", "password": "s3cr3t"}, "does not offer what is asked for"),
    ],
)
def test_a_mail_server_that_cannot_do_what_is_asked_is_told_without_secrets(
    mailserver: Mailserver, given: dict[str, object], says: str
):
    with pytest.raises(DeliveryFailed, match=says) as failed:
        send(mailbox(mailserver.port, **given), ALERT, "email-1", NOW)
    assert "s3cr3t" not in str(failed.value)
    assert mailserver.mails == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [("451 s3cr3t", r"The mail server answered 451\."), ("221 s3cr3t", r"The mail server answered 221\.")],
)
def test_a_mail_not_taken_is_told_with_the_code_alone(mailserver: Mailserver, answer: str, says: str):
    mailserver.answer = answer

    with pytest.raises(DeliveryFailed, match=says) as failed:
        send(mailbox(mailserver.port), ALERT, "email-1", NOW)
    assert "s3cr3t" not in str(failed.value)


def test_what_does_not_speak_as_asked_is_told(receiver: HttpReceiver, mailserver: Mailserver):
    with pytest.raises(DeliveryFailed, match="does not speak TLS"):
        send(Webhook(url=receiver.url.replace("http:", "https:")), ALERT, "ops", NOW)
    with pytest.raises(DeliveryFailed, match="does not speak HTTP"):
        send(Webhook(url=f"http://127.0.0.1:{mailserver.port}/"), ALERT, "ops", NOW)


def test_nothing_is_sent_to_a_receiver_whose_certificate_nobody_vouches_for(tmp_path: Path):
    with listening_with(certificate(tmp_path)) as port:
        with pytest.raises(DeliveryFailed, match="certificate cannot be verified"):
            send(Webhook(url=f"https://localhost:{port}/s3cr3t"), ALERT, "ops", NOW)
        with pytest.raises(DeliveryFailed, match="certificate cannot be verified"):
            send(mailbox(port, host="localhost", security="tls"), ALERT, "email-1", NOW)


def certificate(folder: Path) -> Path:
    """A certificate for localhost that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "localhost.pem"
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return file


@contextmanager
def listening_with(file: Path) -> Generator[int]:
    """Somebody who offers this certificate to whoever comes, and keeps what comes after it from being sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def offer() -> None:
            with suppress(OSError):  # refused, as it should be; or the test is over
                while True:
                    came, _ = server.accept()
                    with came, suppress(OSError):
                        context.wrap_socket(came, server_side=True).close()

        threading.Thread(target=offer, daemon=True).start()
        yield server.getsockname()[1]


def test_apprise_reaches_what_it_knows(receiver: HttpReceiver, mailserver: Mailserver):
    send(AppriseUrl(url=f"json://127.0.0.1:{receiver.port}/hook"), ALERT, "notify-1", NOW)
    mail = f"mailto://127.0.0.1:{mailserver.port}?from=cost@example.com&to=ops@example.com&format=text"
    send(AppriseUrl(url=mail), ALERT, "notify-2", NOW)

    assert json.loads(receiver.requests[0][2])["message"] == TEXT
    assert "spent $8.42 of $10.00" in " ".join(mailserver.mails[0].get_content().split())


@pytest.mark.parametrize(
    ("status", "headers", "says", "wait"),
    [
        (500, {}, "The receiver answered HTTP 500.", None),
        (404, {}, "it may have been revoked", None),
        (429, {"Retry-After": "120"}, "The receiver answered HTTP 429.", 120.0),
        (503, {"Retry-After": "999999"}, "The receiver answered HTTP 503.", 3600.0),
        (503, {"Retry-After": "Sun, 22 Nov 2026 12:00:00 GMT"}, "The receiver answered HTTP 503.", None),
    ],
)
def test_a_refusal_is_told_with_its_status_and_the_wait_it_asks_for(
    receiver: HttpReceiver, status: int, headers: dict[str, str], says: str, wait: float | None
):
    receiver.answers, receiver.headers = [status], headers

    with pytest.raises(DeliveryFailed, match=says) as failed:
        send(Webhook(url=receiver.url), ALERT, "ops", NOW)
    assert failed.value.retry_after == wait


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["http", "json"])
def test_a_redirect_is_not_followed(receiver: HttpReceiver, status: int, scheme: str):
    receiver.answers, receiver.headers = [status], {"Location": f"{receiver.url}/elsewhere"}
    url = f"{scheme}://127.0.0.1:{receiver.port}/here"

    with pytest.raises(DeliveryFailed, match=f"HTTP {status}"):
        send(Webhook(url=url) if scheme == "http" else AppriseUrl(url=url), ALERT, "ops", NOW)
    assert [path for path, _, _ in receiver.requests] == ["/here"]


def addresses_out_of_reach() -> list[Address]:
    url = nobody()
    port = int(url.rpartition(":")[2])
    return [
        Webhook(url=f"{url}/s3cr3t", secret="s3cr3t"),
        Chat(service="slack", url=f"{url}/s3cr3t"),
        AppriseUrl(url=f"json://me:s3cr3t@127.0.0.1:{port}/s3cr3t"),
        AppriseUrl(url=f"mailto://me:s3cr3t@127.0.0.1:{port}?from=a@example.com&to=s3cr3t@example.com"),
        AppriseUrl(url="slack://s3cr3t"),
        AppriseUrl(url="unheardof://s3cr3t"),
        mailbox(port, user="me", password="s3cr3t"),
        Webhook(url="http://s3cr3t.invalid/"),
        Webhook(url="http://s3cr3t\udcff.example/"),
        Webhook(url="http://127.0.0.1:99999/s3cr3t"),
    ]


@pytest.mark.parametrize("number", range(10))
def test_what_cannot_be_sent_is_told_and_no_secret_is_in_any_log_or_error(
    number: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(1)
    for name in ("apprise", "urllib3", "urllib3.connectionpool", "requests"):
        caplog.set_level(1, logger=name)

    with pytest.raises(DeliveryFailed) as failed:
        send(addresses_out_of_reach()[number], ALERT, "ops", NOW)

    assert failed.value.hint
    told = "".join(traceback.format_exception(failed.value))
    logged = "".join(record.getMessage() for record in caplog.records)
    assert "s3cr3t" not in told + logged + "".join(capfd.readouterr())


def test_others_may_still_log_through_the_same_libraries(caplog: pytest.LogCaptureFixture, receiver: HttpReceiver):
    send(AppriseUrl(url=f"json://127.0.0.1:{receiver.port}"), ALERT, "ops", NOW)

    logging.getLogger("apprise").warning("of somebody else")

    assert [record.getMessage() for record in caplog.records] == ["of somebody else"]


def test_without_apprise_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(DeliveryFailed, match=r"pip install 'cost-mcp\[notify\]'"):
        check_apprise("discord://1/2")


def test_an_anomaly_and_a_test_say_what_they_are(receiver: HttpReceiver):
    anomaly = Alert(
        alert_id="a-2",
        kind="anomaly",
        level="critical",
        raised_at=NOW,
        subject="agent builder",
        window_start=NOW,
        unit="usd",
        spent=Decimal("12.5"),
        figures={
            "median_usd": "1.1",
            "spread_usd": "0.2",
            "score": "8.3",
            "compared_with": "20 earlier days",
            "also": "model x",
            "explained": "task T-9 (90 %, new)",
        },
    )
    trial = Alert(alert_id="a-3", kind="test", level="info", raised_at=NOW, subject="test", window_start=NOW)
    tokens = replace(
        ALERT, level="exceeded", unit="tokens", spent=Decimal(120000), limit=Decimal(100000), reserved=None, unpriced_calls=0,
        window_end=None, threshold_percent=None, figures={"other_windows": "3"},
    )  # fmt: skip
    for alert in (anomaly, trial, tokens):
        send(Webhook(url=receiver.url), alert, "ops", NOW)

    assert [json.loads(content)["text"] for _, _, content in receiver.requests] == [
        (
            "The spend of agent builder from 2026-11-22 12:00 UTC is unusual: $12.50, where $1.10 is usual (spread $0.2, score 8.3, "
            "against 20 earlier days), also for model x; what made the difference: task T-9 (90 %, new); `cost-mcp alerts explain a-2` shows "
            "what it went to."
        ),
        "This is a test of the channel ops: alerts arrive here. Nothing was spent.",
        (
            "The budget daily is exceeded: spent 120,000 tokens of 100,000 tokens (120 %); 3 more of its windows rose too; it has "
            "no end; "
            "`cost-mcp budget status daily` shows where it stands now."
        ),
    ]


def test_the_check_in_the_readme_tells_ours_from_others(receiver: HttpReceiver):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    (block,) = (part for part in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "def is_from_cost_mcp" in part)
    exec(block, found)  # noqa: S102 (our own example)
    send(Webhook(url=receiver.url, secret="s3cr3t"), ALERT, "ops", datetime.now(UTC))
    ((_, headers, content),) = receiver.requests
    given = {name.lower(): value for name, value in headers.items()}

    assert found["is_from_cost_mcp"](given, content, "s3cr3t")
    assert not found["is_from_cost_mcp"](given, content, "another")
    assert not found["is_from_cost_mcp"](given, content + b" ", "s3cr3t")
