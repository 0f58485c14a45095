"""A browser without a window: sends requests to the local page, keeps its cookie, reads the token of its forms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from coxa.page.app import page_app
from coxa.page.door import Door, Guard
from coxa.page.home import Home

PORT = 8765
BOUNDARY = "part-of-a-test"
CHUNK = 1000
"""Bytes of a body that are sent at once: a file comes in many pieces."""


@dataclass
class Answer:
    """What the page answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    read: int
    """Bytes of the request that were taken."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def heading(self) -> str:
        """The first heading."""
        found = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        return found[1].strip() if found else ""

    @property
    def problem(self) -> str:
        """What is not done, and why."""
        found = re.search(r'class="problem" role="alert"><h2>.*?</h2><p>(.*?)</p>', self.text, re.DOTALL)
        return found[1] if found else ""

    @property
    def to(self) -> str:
        """Where a form leads."""
        return self.headers.get("location", "")


@dataclass
class Client:
    """The page of a folder, and a browser that has opened it."""

    app: Guard
    door: Door
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, **options: Any) -> Client:
        """Open the page of a folder."""
        door = Door(PORT)
        client = cls(page_app(Home.of(folder), door, **options), door)
        answer = client.get(f"/open/{door.token}")
        client.cookie = answer.headers["set-cookie"].split(";")[0]
        return client

    @property
    def runs(self) -> Any:
        """The runs that go on."""
        return self.app.app.state.desk.runs

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.send("GET", path, (), headers)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str | None) -> Answer:
        """Send a form of the page."""
        body = urlencode({"csrf": self.door.csrf, **(fields or {})}, doseq=True).encode()
        return self.send("POST", path, [body], {"content-type": "application/x-www-form-urlencoded", **headers})

    def upload(
        self, study: str, files: Iterable[tuple[str, bytes]], fields: Mapping[str, str] | None = None,
        **headers: str | None,
    ) -> Answer:  # fmt: skip
        """Send files to a study, as a browser does."""
        body = multipart({"csrf": self.door.csrf, **(fields or {})}, files)
        return self.send_multipart(study, body, **headers)

    def send_multipart(self, study: str, body: bytes, **headers: str | None) -> Answer:
        kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.send("POST", f"/study/{study}/upload", pieces(body), {**kind, **headers})

    def send(self, method: str, path: str, body: Iterable[bytes | None], headers: Mapping[str, str | None]) -> Answer:
        """Send a request; a header that is None is left out, a piece of the body that is None breaks it off."""
        own = {"host": self.door.host, "cookie": self.cookie}
        own |= {"origin": self.door.origin} if method == "POST" else {}
        given = own | {name.replace("_", "-"): text for name, text in headers.items()}
        named = [(name.encode(), text.encode("latin-1")) for name, text in given.items() if text is not None]
        return asyncio.run(self._send(method, path, iter(body), named))

    async def _send(self, method: str, path: str, body: Any, headers: list[tuple[bytes, bytes]]) -> Answer:
        address = urlsplit(path)
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": address.path,
            "raw_path": address.path.encode(), "query_string": address.query.encode(), "headers": headers,
            "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", 50000), "root_path": "", "state": {},
            "asgi": {"version": "3.0", "spec_version": "2.4"},
        }  # fmt: skip
        sent: list[dict[str, Any]] = []
        taken, ended = 0, False

        async def receive() -> dict[str, Any]:
            nonlocal taken, ended
            if ended:
                await asyncio.Event().wait()  # as long as the browser waits for the answer
            piece = next(body, b"")
            if piece is None:
                return {"type": "http.disconnect"}
            taken, ended = taken + len(piece), not piece
            return {"type": "http.request", "body": piece, "more_body": not ended}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(message for message in sent if message["type"] == "http.response.start")
        content = b"".join(message.get("body", b"") for message in sent)
        return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, content, taken)


def pieces(body: bytes) -> Iterable[bytes]:
    """Yield a body in pieces."""
    return (body[start : start + CHUNK] for start in range(0, len(body), CHUNK))


def multipart(fields: Mapping[str, str], files: Iterable[tuple[str, bytes]], name: str = "files") -> bytes:
    """Return a form with files as a browser sends it: the fields first."""
    parts = [part(f'name="{key}"', text.encode()) for key, text in fields.items()]
    parts += [part(f'name="{name}"; filename="{given}"', content) for given, content in files]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def part(disposition: str, content: bytes) -> bytes:
    """Return one part of a form."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"
