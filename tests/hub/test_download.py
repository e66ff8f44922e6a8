"""Downloads from servers that break off, stall, lie and change their minds."""

import errno
import gzip
import hashlib
import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tqdm

from tests.hub.webserver import BODY, FILE, break_off, content, proper, stall, status, whole
from zoo.errors import DownloadError
from zoo.hub.download import DownloadSettings, download


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / FILE


def state_file(target: Path) -> Path:
    return target.with_name(target.name + ".part.json")


def test_bytes_arrive_in_the_part_file(server, target, impatient):
    part = download(server.url, target, settings=impatient)
    assert part == target.with_name(f"{FILE}.part")
    assert part.read_bytes() == BODY
    assert not target.exists()


def test_compression_is_not_asked_for(server, target, impatient):
    download(server.url, target, settings=impatient)
    assert server.requests[0][1]["Accept-Encoding"] == "identity"


def test_broken_connection_is_continued_where_it_broke(server, target, impatient):
    server.script = [break_off(100_000)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=100000-"]
    assert server.requests[1][1]["If-Range"] == '"one"'


def test_last_modified_serves_where_there_is_no_strong_etag(server, target, impatient):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.script = [lambda handler: handler.answer(200, BODY[:5000], ETag='W/"weak"', Last_Modified=date,
                                                    Content_Length=len(BODY))]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.requests[1][1]["If-Range"] == date


def test_without_validator_a_retry_starts_anew(server, target, impatient):
    server.etag = None
    server.script = [break_off(100_000)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, None]


def test_a_later_call_completes_the_part(server, target, impatient):
    server.script = [break_off(1000)]
    with pytest.raises(DownloadError, match="broken"):
        download(server.url, target, settings=replace(impatient, retries=0))
    assert target.with_name(f"{FILE}.part").stat().st_size == 1000
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges()[-1] == "bytes=1000-"


def test_a_complete_part_is_not_asked_for_again(server, target, impatient):
    download(server.url, target, settings=impatient)
    download(server.url, target, settings=impatient)
    assert len(server.requests) == 1


def test_a_part_from_another_address_is_not_continued(server, target, impatient):
    server.script = [break_off(1000)]
    with pytest.raises(DownloadError):
        download(server.url, target, settings=replace(impatient, retries=0))
    assert download(server.base + "/mirror/" + FILE, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, None]


@pytest.mark.parametrize("state", ["", "[]", '{"url": 1}'])
def test_a_part_of_unknown_origin_is_not_continued(server, target, impatient, state):
    target.with_name(f"{FILE}.part").write_bytes(b"half")
    state_file(target).write_text(state)
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None]


def test_stalled_server_times_out_and_is_continued(server, target, impatient):
    server.script = [stall(5000, seconds=0.5)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=5000-"]


def test_server_that_ignores_ranges_is_read_from_the_start(server, target, impatient):
    server.script = [break_off(9000), whole]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY


def test_file_that_changed_between_tries_is_read_from_the_start(server, target, impatient):
    other = BODY[::-1]

    def change(handler):
        server.body, server.etag = other, '"two"'
        proper(handler)
    server.script = [break_off(9000), change]
    assert download(server.url, target, settings=impatient).read_bytes() == other


@pytest.mark.parametrize("headers", [
    {"ETag": '"two"', "Content_Range": f"bytes 9000-{len(BODY) - 1}/{len(BODY)}"},
    {"ETag": '"one"', "Content_Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"},
    {"ETag": '"one"', "Content_Range": "bytes 9000-9999/10000"},
    {"ETag": '"one"', "Content_Range": "pages 1-2/3"},
    {"ETag": '"one"'},
], ids=["other file", "other start", "other size", "other unit", "no range"])
def test_a_range_that_does_not_fit_is_thrown_away(server, target, impatient, headers):
    server.script = [break_off(9000), lambda handler: handler.answer(206, b"x" * 1000, **headers)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=9000-", None]


def test_unsatisfiable_range_starts_anew(server, target, impatient):
    server.script = [break_off(9000), status(416)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=9000-", None]


def test_content_length_beyond_the_body_is_an_error(server, target, impatient):
    server.script = [content(BODY, Content_Length=len(BODY) + 7)] * 3
    with pytest.raises(DownloadError, match=r"broken.*try 3 of 3"):
        download(server.url, target, settings=impatient)


def test_body_without_length_is_read_to_its_end(server, target, impatient):
    server.script = [content(BODY, Content_Length=None)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY


@pytest.mark.parametrize("code", [429, 500, 503])
def test_transient_status_is_retried(server, target, impatient, code):
    server.script = [status(code), status(code)]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY


def test_retries_end(server, target, impatient):
    server.script = [status(503)] * 9
    with pytest.raises(DownloadError, match=r"503.*try 3 of 3"):
        download(server.url, target, settings=impatient)
    assert len(server.requests) == 3


@pytest.mark.parametrize("code", [403, 404, 410])
def test_permanent_status_is_not_retried(server, target, impatient, code):
    server.script = [status(code)]
    with pytest.raises(DownloadError, match=rf"{code}.*try 1 of 3"):
        download(server.url, target, settings=impatient)


def test_redirects_are_followed(server, target, impatient):
    server.script = [status(302, Location=f"{server.base}/elsewhere")]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.requests[1][0] == "/elsewhere"


def test_redirects_in_a_circle_are_an_error(server, target, impatient):
    server.script = [status(302, Location=server.url)] * 40
    with pytest.raises(DownloadError, match="redirects"):
        download(server.url, target, settings=impatient)


def test_nobody_listening_is_an_error(target, impatient):
    with pytest.raises(DownloadError, match="127.0.0.1"):
        download("http://127.0.0.1:9/x", target, settings=impatient)


def test_pauses_double_are_bounded_and_heed_the_server():
    settings = DownloadSettings(backoff=1.0, longest_pause=10.0)
    assert all(2**n / 2 <= settings.pause(n, asked=0.0) <= 2**n for n in range(3))
    assert settings.pause(0, asked=7.0) == 7.0
    assert settings.pause(9, asked=0.0) == settings.pause(0, asked=3600.0) == 10.0


def test_retry_after_is_waited_for_and_said(server, target, monkeypatch, caplog):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    server.script = [status(503, Retry_After=4)]
    download(server.url, target, settings=DownloadSettings(backoff=0.0))
    assert waited == [4.0]
    assert "503" in caplog.text and "next try in 4.0 s" in caplog.text


def test_interrupt_leaves_a_part_that_is_completed(server, target, impatient, monkeypatch):
    def interrupt(bar, received):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(tqdm.tqdm, "update", interrupt)
        with pytest.raises(KeyboardInterrupt):
            download(server.url, target, settings=impatient)
    part = target.with_name(f"{FILE}.part")
    kept = part.stat().st_size
    assert 0 < kept < len(BODY)
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, f"bytes={kept}-"]


def test_full_disk_is_noticed_before_the_first_byte(server, target, impatient, monkeypatch):
    usage = shutil.disk_usage(target.parent)._replace(free=1000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=f"{len(BODY)} bytes are needed"):
        download(server.url, target, settings=impatient)
    assert list(target.parent.glob(f"{FILE}*")) == []


def test_disk_that_fills_up_leaves_nothing(server, target, impatient, monkeypatch):
    def full(bar, received):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(tqdm.tqdm, "update", full)
    with pytest.raises(OSError, match="No space left"):
        download(server.url, target, settings=impatient)
    assert list(target.parent.glob(f"{FILE}*")) == []


def test_encoded_body_is_decoded_and_never_continued(server, target, impatient):
    server.script = [content(gzip.compress(BODY), Content_Encoding="gzip", ETag='"zipped"')]
    assert download(server.url, target, settings=impatient).read_bytes() == BODY
    assert not state_file(target).exists()


@pytest.mark.parametrize("progress, terminal, shown", [(None, False, False), (None, True, True), (True, False, True),
                                                       (False, True, False)])
def test_progress_bar(server, target, impatient, monkeypatch, progress, terminal, shown):
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr("sys.stderr", stream)
    download(server.url, target, progress=progress, settings=impatient)
    assert (FILE in stream.getvalue()) is shown


def test_proxies_of_the_environment_are_used(server, target, impatient, monkeypatch):
    monkeypatch.setenv("http_proxy", server.base)
    monkeypatch.setenv("no_proxy", "")
    part = download("http://weights.invalid/tiny.h5", target, settings=impatient)
    assert hashlib.sha256(part.read_bytes()).digest() == hashlib.sha256(BODY).digest()
    assert server.requests[0][0] == "http://weights.invalid/tiny.h5"
