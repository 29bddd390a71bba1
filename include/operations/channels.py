"""The two ways to tell somebody: a mail by SMTP, a JSON document to a webhook."""

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from include.errors import TransientError
from include.settings import settings

PATIENCE = 15  # seconds for one connection


class UndeliveredError(TransientError):
    """Nobody took the message; it may be tried again."""


class _Still(urllib.request.HTTPRedirectHandler):
    """A webhook that points elsewhere is not followed: its address is the one that was set."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow nothing."""


def send(to: str, subject: str, body: str, document: Mapping[str, Any], number: int) -> None:
    """Hand one message over. ``number`` makes a mail that is sent again the same mail.

    Raises ``UndeliveredError`` where the server is away or refuses.
    """
    if to.startswith(("http://", "https://")):
        _post(to, document)
    else:
        _mail(to, subject, body, number)


def shown(to: str) -> str:
    """A receiver as logs may name it: the address of a webhook often holds its secret."""
    parts = urlsplit(to)
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme in ("http", "https") else to


def _post(url: str, document: Mapping[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310  http(s) only: the settings' schema says so
        url,
        json.dumps(document, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8"},
    )
    try:
        with urllib.request.build_opener(_Still).open(request, timeout=PATIENCE):
            return
    except urllib.error.HTTPError as error:
        raise UndeliveredError(f"{shown(url)} answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise UndeliveredError(f"{shown(url)}: {getattr(error, 'reason', error)}") from None


def _mail(to: str, subject: str, body: str, number: int) -> None:
    here = settings()
    if not here.smtp_url:
        raise UndeliveredError("SMSSWITCH_SMTP_URL is not set: no mail server is known")
    message = EmailMessage()
    message["Subject"] = f"[smsswitch] {' '.join(subject.split())}"[:200]
    message["From"] = here.mail_from
    message["To"] = to
    message["Date"] = formatdate()
    message["Message-ID"] = f"<alert-{number}-{_digest(to)}@smsswitch.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    try:
        with _server(here.smtp_url) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        raise UndeliveredError(f"{to}: refused, {code} {_text(reason)}") from None
    except smtplib.SMTPResponseException as error:
        raise UndeliveredError(
            f"mail server: {error.smtp_code} {_text(error.smtp_error)}"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise UndeliveredError(f"mail server: {error}") from None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _server(url: str) -> smtplib.SMTP:
    """A session with the mail server at ``smtp[s]://[user:password@]host[:port][?starttls=yes]``."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=PATIENCE, context=context
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=PATIENCE)
        if parse_qs(parts.query).get("starttls") == ["yes"]:
            server.starttls(context=ssl.create_default_context())
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _text(reason: Any) -> str:
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
