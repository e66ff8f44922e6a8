"""A local web server, and a machine without any weight files."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.webserver import Handler, WebServer
from zoo.hub import DownloadSettings


@pytest.fixture
def server() -> Iterator[WebServer]:
    served = WebServer()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.served = served
        listening.daemon_threads = True
        listening.block_on_close = False
        served.base = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        listening.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, an empty cache in ``tmp_path/cache`` and no settings; returns the weights folder."""
    for name in ("KERAS_HOME", "ZOO_WEIGHTS_PATH", "ZOO_OFFLINE", "ZOO_MIRROR", "XDG_CACHE_HOME",
                 "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def impatient() -> DownloadSettings:
    return DownloadSettings(connect_timeout=2, read_timeout=0.15, retries=2, backoff=0.0, longest_pause=0.0, block=1000)
