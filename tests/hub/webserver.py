"""A web server that misbehaves as told."""

from __future__ import annotations

import hashlib
import http.server
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from zoo.hub import UrlSource, WeightsEntry
from zoo.hub.hashes import Digest

BODY = bytes(range(256)) * 1024
FILE = "tiny.h5"

Behaviour = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.served.body` under every path, one scripted behaviour a request, then properly."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        served: WebServer = self.server.served
        with served.lock:
            served.requests.append((self.path, dict(self.headers)))
            behaviour = served.script.pop(0) if served.script else proper
        self.close_connection = True
        behaviour(self)

    def answer(self, status: int, body: bytes = b"", **headers: object) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": len(body), "Connection": "close"} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Keep the output of the tests clean."""


@dataclass
class WebServer:
    """What the server has, does next, and was asked."""

    base: str = ""
    body: bytes = BODY
    etag: str | None = '"one"'
    script: list[Behaviour] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"{self.base}/files/{FILE}"

    def ranges(self) -> list[str | None]:
        """The Range header of every request so far."""
        return [headers.get("Range") for _, headers in self.requests]


def proper(handler: Handler) -> None:
    """What RFC 9110 says: a range is served only to those who know the present ETag."""
    served = handler.server.served
    wanted = handler.headers.get("Range")
    if wanted is None or handler.headers.get("If-Range") != served.etag:
        return handler.answer(200, served.body, ETag=served.etag)
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    total = len(served.body)
    return handler.answer(206, served.body[start:], ETag=served.etag,
                          Content_Range=f"bytes {start}-{total - 1}/{total}")


def break_off(after: int) -> Behaviour:
    """Promise the whole body, send `after` bytes, hang up."""
    return lambda handler: handler.answer(200, handler.server.served.body[:after], ETag=handler.server.served.etag,
                                          Content_Length=len(handler.server.served.body))


def stall(after: int, seconds: float) -> Behaviour:
    """Promise the whole body, send `after` bytes, then be silent."""
    def behave(handler: Handler) -> None:
        break_off(after)(handler)
        time.sleep(seconds)
    return behave


def slow(seconds: float) -> Behaviour:
    """Answer properly, after a while."""
    def behave(handler: Handler) -> None:
        time.sleep(seconds)
        proper(handler)
    return behave


def whole(handler: Handler) -> None:
    """Ignore Range."""
    handler.answer(200, handler.server.served.body, ETag=handler.server.served.etag)


def status(code: int, **headers: object) -> Behaviour:
    return lambda handler: handler.answer(code, b"no", **headers)


def content(body: bytes, **headers: object) -> Behaviour:
    return lambda handler: handler.answer(200, body, **headers)


def entry_for(*urls: str, body: bytes | None = BODY, size: int | None = None) -> WeightsEntry:
    """An entry of the file; without `body` no hash of it is known."""
    digest = Digest("md5", hashlib.md5(body).hexdigest()) if body is not None else None
    return WeightsEntry("Tiny", {"include_top": True}, FILE, tuple(UrlSource(url) for url in urls), "npz", "tf",
                        "imagenet", "MIT", "https://example.org/tiny", digest=digest, size=size)
