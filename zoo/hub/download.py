"""One file over HTTP: completed where it broke off, retried while there is hope.

Nothing here knows what the bytes should be; that is checked by whoever asked for them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
import tqdm

from zoo.errors import DownloadError
from zoo.hub.cache import NO_SPACE, PART, discard, state_path
from zoo.hub.settings import DownloadSettings as DownloadSettings

logger = logging.getLogger(__name__)

# The server asks for another try, or a gateway makes it worth while (RFC 9110, RFC 6585).
_TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
_TRANSIENT = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


@dataclass(frozen=True)
class _PartState:
    """What an unfinished file is a part of.

    Args:
        url: where it came from.
        validator: ETag or Last-Modified of that file: the rest fits only while the server still has the same.
        total: size of the whole file, if the server said it.
    """

    url: str
    validator: str
    total: int | None


def download(url: str, target: Path, *, progress: bool | None = None,
             settings: DownloadSettings = DownloadSettings()) -> Path:
    """Bring the bytes at `url` to the file ``<target>.part``, through to the disk, and return its path.

    A part that an earlier call left behind is completed if it came from `url` and the server still has that file.

    Args:
        url: an http or https address; proxies are taken from the environment.
        target: the file that the part is to become; its folder exists.
        progress: whether to show a progress bar; None: on a terminal only.
        settings: time-outs and retries.

    Raises:
        DownloadError: it failed, after retries if they made sense. The part stays, to be completed by a later call.
        OSError: the part cannot be written. If the disk is full, the part is removed.
    """
    part = target.with_name(target.name + PART)
    for retry in range(settings.retries + 1):
        try:
            _transfer(url, part, progress, settings)
            return part
        except requests.RequestException as error:
            if retry == settings.retries or not _may_pass(error):
                raise DownloadError(f"{url}: {error} (try {retry + 1} of {settings.retries + 1})") from error
            pause = settings.pause(retry, _retry_after(error))
            logger.warning("%s: %s; next try in %.1f s", url, error, pause)
            time.sleep(pause)
        except OSError as error:
            if error.errno in NO_SPACE:
                discard(part)
            raise
    raise AssertionError("the last try returns or raises")


def _may_pass(error: requests.RequestException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code in _TRANSIENT_STATUS
    return isinstance(error, _TRANSIENT)


def _retry_after(error: requests.RequestException) -> float:
    value = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    return float(value) if value.isdecimal() else 0.0


def _transfer(url: str, part: Path, progress: bool | None, settings: DownloadSettings) -> None:
    """One try: receive what is missing of `part`. Every failure of the network is a `RequestException`."""
    state = _read_state(part, url)
    offset = part.stat().st_size if state else 0
    if state and state.total == offset:
        return
    # Compressed transfer would make Content-Length and ranges count other bytes than those of the file.
    headers = {"Accept-Encoding": "identity"}
    if state and offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": state.validator}
    timeout = (settings.connect_timeout, settings.read_timeout)
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if response.status_code == 416 or (response.status_code == 206 and not _continues(response, state, offset)):
            discard(part)
            raise requests.ConnectionError("the unfinished file does not fit the one on the server; starting anew")
        response.raise_for_status()
        if response.status_code != 206:
            offset = 0
            discard(part)
        total = _total_size(response, offset)
        if total is not None and shutil.disk_usage(part.parent).free < total - offset:
            raise OSError(min(NO_SPACE), f"{total - offset} bytes are needed", str(part))
        _write_state(part, url, response, total)
        # urllib3 2 raises if the body ends before its Content-Length.
        _receive(response, part, offset, total, progress, settings.block)


def _receive(response: requests.Response, part: Path, offset: int, total: int | None, progress: bool | None,
             block: int) -> None:
    """Append the body of the response to `part`, through to the disk."""
    bar = tqdm.tqdm(total=total, initial=offset, desc=part.name.removesuffix(PART), unit="B", unit_scale=True,
                    disable=None if progress is None else not progress)
    with bar, part.open("ab") as stream:
        for received in response.iter_content(block):
            stream.write(received)
            bar.update(len(received))
        stream.flush()
        os.fsync(stream.fileno())


def _total_size(response: requests.Response, offset: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdecimal() and not _is_encoded(response) else None


def _is_encoded(response: requests.Response) -> bool:
    return response.headers.get("Content-Encoding", "identity") != "identity"


def _continues(response: requests.Response, state: _PartState | None, offset: int) -> bool:
    """Whether a partial response begins at `offset` of the file that `state` describes."""
    given = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    return state is not None and given is not None and int(given[1]) == offset \
        and (state.total is None or given[2] in ("*", str(state.total))) \
        and _validator(response) in (None, state.validator)


def _validator(response: requests.Response) -> str | None:
    """Return what identifies these very bytes in an If-Range header, None if nothing does (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "W/")
    return None if _is_encoded(response) else \
        response.headers.get("Last-Modified") if tag.startswith("W/") else tag


def _read_state(part: Path, url: str) -> _PartState | None:
    """Return the state of the part if it can be completed from `url`."""
    try:
        state = _PartState(**json.loads(state_path(part).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return state if state.url == url and part.exists() else None


def _write_state(part: Path, url: str, response: requests.Response, total: int | None) -> None:
    validator = _validator(response)
    if validator is not None:
        state_path(part).write_text(json.dumps(asdict(_PartState(url, validator, total))), encoding="utf-8")
