"""Who may speak to the page: this computer's browser with the address that was printed, and nobody through it.

Another site that the browser has open is kept out by the name of the host (rebinding), the origin of a request, a
cookie that other sites cannot send, and a token in each form; what a page may load is its own style and script alone.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers, MutableHeaders, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Refuse = Callable[[int, str, str], Response]
"""Status, heading and sentence of a refusal -> the page that says so."""

ADDRESS = "127.0.0.1"
LARGEST_FORM = 4_000_000
"""Bytes of a form without files; a plan is far smaller."""

MOST_FIELDS = 5000

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""With `no-referrer` a browser sends forms with the origin `null`; `same-origin` tells other sites nothing either."""


@dataclass(frozen=True)
class Door:
    """The secrets of one page that is open.

    port    : where it listens
    token   : in the address that opens it
    session : in the cookie that the address is exchanged for
    csrf    : in each form
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def host(self) -> str:
        """The only name under which it answers."""
        return f"{ADDRESS}:{self.port}"

    @property
    def origin(self) -> str:
        """The only origin whose forms it takes."""
        return f"http://{self.host}"

    @property
    def address(self) -> str:
        """The address that opens it."""
        return f"{self.origin}/open/{self.token}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; of two pages that are open each has its own."""
        return f"coxa-{self.port}"


def same(given: str, secret: str) -> bool:
    """Return whether a text is the secret, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode("utf-8"))


class Guard:
    """Passes a request on only if it is from the browser that opened the page, and not sent through it by another site.

    What it passes on has its form, checked, under `scope["state"]["form"]`; of an upload, which is read as it comes,
    the form is missing there, and `coxa.page.upload` checks its token before the first file.
    """

    def __init__(self, app: Any, door: Door, refuse: Refuse) -> None:
        self.app, self.door, self.refuse = app, door, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        sending = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is None and scope["path"].startswith("/open/"):
            refusal = self._opened(scope)
        elif refusal is None and not scope["path"].startswith("/static/"):
            refusal = self._stranger(scope) or await self._unsigned(scope, receive)
        await (refusal or self.app)(scope, receive, sending)

    def _refusal(self, scope: Scope) -> Response | None:
        """Refuse another host's name and another site's request."""
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self.door.host]:
            return self.refuse(421, "Wrong address", f"This page answers at {self.door.origin} only.")
        sent = headers.get("sec-fetch-site", "same-origin")
        reading = scope["method"] in ("GET", "HEAD")
        of_another = sent not in (("same-origin", "none") if reading else ("same-origin",))
        origin = headers.get("origin", self.door.origin if reading else "")
        if of_another or origin != self.door.origin:
            return self.refuse(403, "Refused", "The request came from another site. Use the forms of this page.")
        return None

    def _opened(self, scope: Scope) -> Response:
        """Exchange the token of the address for the cookie."""
        if scope["method"] != "GET" or not same(scope["path"].removeprefix("/open/"), self.door.token):
            return self.refuse(401, "Not opened", OPEN)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self.door.cookie, self.door.session, httponly=True, samesite="strict", path="/")
        return answer

    def _stranger(self, scope: Scope) -> Response | None:
        """Refuse a request without the cookie."""
        try:
            cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        held = cookies.get(self.door.cookie)
        return None if held and same(held.value, self.door.session) else self.refuse(401, "Not opened", OPEN)

    async def _unsigned(self, scope: Scope, receive: Receive) -> Response | None:
        """Read a form, and refuse it without the token that each form of this page has."""
        if scope["method"] in ("GET", "HEAD"):
            return None
        kind = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
        if kind == "multipart/form-data" and scope["path"].endswith("/upload"):
            return None
        if kind != "application/x-www-form-urlencoded":
            return self.refuse(415, "Refused", "This is not a form of this page. Use the forms of this page.")
        raw = await _body(receive, LARGEST_FORM)
        if raw is None:
            return self.refuse(413, "Too large", "The form is too large. Shorten the plan.")
        try:
            pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return self.refuse(400, "Refused", "The form cannot be read. Go back and send it again.")
        form = FormData(list[tuple[str, str | UploadFile]](pairs))
        if not same(str(form.get("csrf", "")), self.door.csrf):
            return self.refuse(403, "Refused", OLD_FORM)
        scope.setdefault("state", {})["form"] = form
        return None


OPEN = "Open this page with the address that the terminal shows; it is another one each time."
OLD_FORM = "The form is not one of this page as it is open now. Load the page again and repeat what you did."


def form_of(request: Request) -> FormData:
    """Return the checked form of a request."""
    form: FormData = request.scope["state"]["form"]
    return form


async def _body(receive: Receive, most: int) -> bytes | None:
    """Return the body of a request; None where it is longer than allowed."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _with_headers(send: Send) -> Send:
    """Add the headers of safety to an answer; a policy of its own stays."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", POLICY)
        await send(message)

    return sending
