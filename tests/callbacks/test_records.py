"""Callbacks that write down what happens, and lists of them."""

from __future__ import annotations

import csv
import http.server
import json
import pathlib
import struct
import threading
import urllib.parse
from typing import Any

import numpy as np
import pytest

from tests.callbacks.small_models import X, Y, Script, follow, model
from zoo import callbacks, optimizers, spelling
from zoo.callbacks import event_file
from zoo.errors import ConfigError, OldSpelling, Unsupported


def test_history_stays_with_the_model() -> None:
    trained = model()
    history = trained.fit(X, Y, epochs=3, verbose=0)
    assert history is trained.history and history.epoch == [0, 1, 2] and set(history.history) == {"loss", "mae"}


def test_csv_logger(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.csv"
    for append in (False, True):
        follow(callbacks.CSVLogger(path, append=append), loss=[1.0, 2.0], mae=[np.array([1, 2]), 0.5])
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert rows[1] == ["0", "1.0", '"[1, 2]"', "NA", "NA"] and rows[2] == ["1", "2.0", "0.5", "NA", "NA"]
    assert len(rows) == 5                                   # one header, two runs of two epochs
    follow(callbacks.CSVLogger(path, separator=";"), loss=[1.0])
    assert path.read_text().splitlines()[0] == "epoch;loss;mae;val_loss;val_mae"


def test_lambda_callback_and_older_names_of_moments() -> None:
    told: list[str] = []
    moments = ("on_train_begin", "on_epoch_begin", "on_batch_begin", "on_batch_end", "on_test_end", "on_epoch_end",
               "on_train_end")
    functions: dict[str, Any] = {m: (lambda *_, m=m: told.append(m)) for m in moments}
    model().fit(X, Y, batch_size=12, verbose=0, validation_data=(X, Y),
                callbacks=[callbacks.LambdaCallback(**functions)])
    assert told == ["on_train_begin", "on_epoch_begin", *["on_batch_begin", "on_batch_end"] * 2, "on_test_end",
                    "on_epoch_end", "on_train_end"]
    with pytest.raises(ConfigError, match="on_dawn"):
        callbacks.LambdaCallback(on_dawn=print)


def test_terminate_on_nan(capsys: pytest.CaptureFixture[str]) -> None:
    trained = model(optimizers.SGD(1e30))
    history = trained.fit(X, Y, epochs=9, batch_size=6, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert len(history.epoch) < 9 and "the loss is" in capsys.readouterr().out
    with pytest.raises(FloatingPointError, match="The loss is"):
        model(optimizers.SGD(1e30)).fit(X, Y, epochs=9, batch_size=6, verbose=0,
                                        callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_a_list_adds_what_is_missing() -> None:
    own = callbacks.History()
    made = callbacks.CallbackList([own, [callbacks.TerminateOnNaN()]], add_history=True, add_progbar=True, verbose=0)
    assert [type(c).__name__ for c in made.callbacks] == ["History", "TerminateOnNaN", "ProgbarLogger"]
    assert made.history is own and own.params == {"verbose": 0}
    made.on_epoch_begin(3)
    made.on_epoch_end(3, logs={"loss": 1.0})
    assert own.epoch == [3]


def test_orbax_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match="ModelCheckpoint"):
        callbacks.OrbaxCheckpoint("folder")


# ---- RemoteMonitor

@pytest.fixture
def server() -> Any:
    received: list[tuple[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:                          # noqa: N802 - the name that http.server asks for
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", received
        running.shutdown()


@pytest.mark.parametrize("as_json", [False, True])
def test_remote_monitor(server: Any, as_json: bool) -> None:
    address, received = server
    follow(callbacks.RemoteMonitor(address, send_as_json=as_json), loss=[1.5], mae=[np.float32(0.5)])
    path, body = received[0]
    assert path == "/publish/epoch/end/"
    sent = json.loads(body if as_json else urllib.parse.parse_qs(body)["data"][0])
    assert sent == {"epoch": 0, "loss": 1.5, "mae": 0.5}


def test_a_server_that_is_not_there_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="could not be reached"):
        follow(callbacks.RemoteMonitor("http://127.0.0.1:9"), loss=[1.0])


# ---- TensorBoard

@pytest.mark.parametrize(("data", "crc"), [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
                                           (bytes(range(32)), 0x46DD794E), (bytes(range(31, -1, -1)), 0x113FDB5C)])
def test_crc32c_of_rfc_3720(data: bytes, crc: int) -> None:
    assert event_file.crc32c(data) == crc


def fields(message: bytes) -> list[tuple[int, Any]]:
    """The fields of a protocol buffer, nested ones as bytes."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            number, shift, at = number | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                return number

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        raw = message[at:at + size]
        found.append((key >> 3, struct.unpack("<d" if size == 8 else "<f", raw)[0] if key & 7 in (1, 5) else raw))
        at += size
    return found


def events(folder: pathlib.Path) -> list[dict[int, Any]]:
    """The events of the only file in a folder, its checksums verified."""
    data = next(folder.iterdir()).read_bytes()
    found = []
    while data:
        length, = struct.unpack_from("<Q", data)
        assert event_file.record(data[12:12 + length]) == data[:16 + length]
        found.append(dict(fields(data[12:12 + length])))
        data = data[16 + length:]
    return found


def scalars(folder: pathlib.Path) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events(folder)[1:]:
        for _, value in fields(event[5]):
            parts = dict(fields(value))
            if 2 in parts:
                found.setdefault(parts[1].decode(), []).append((event.get(2, 0), parts[2]))
    return found


def test_tensorboard_scalars(tmp_path: pathlib.Path) -> None:
    watcher = callbacks.TensorBoard(tmp_path, update_freq=2, write_steps_per_second=True)
    history = model().fit(X, Y, epochs=2, batch_size=8, verbose=0, validation_data=(X, Y), callbacks=[watcher]).history
    training, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    assert set(training) == {"epoch_loss", "epoch_mae", "epoch_learning_rate", "epoch_steps_per_second", "batch_loss",
                             "batch_mae", "batch_steps_per_second"}
    assert [step for step, _ in training["batch_loss"]] == [2, 4, 6]
    assert np.allclose([value for _, value in training["epoch_loss"]], history["loss"])
    assert np.allclose([value for _, value in validation["epoch_mae"]], history["val_mae"])
    assert [step for step, _ in validation["evaluation_loss_vs_iterations"]] == [3, 6]
    first = events(tmp_path / "train")[0]
    assert first[3] == b"brain.Event:2"


def test_tensorboard_weights_and_architecture(tmp_path: pathlib.Path) -> None:
    trained = model()
    watcher = callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True)
    trained.fit(X, Y, epochs=2, verbose=0, callbacks=[watcher])
    values = [dict(fields(value)) for event in events(tmp_path / "train")[1:] for _, value in fields(event[5])]
    tags = [value[1].decode() for value in values]
    assert tags.count("small/hidden/kernel/histogram") == tags.count("small/hidden/kernel/image") == 2, tags
    architecture = next(value for value in values if value[1] == b"keras")
    assert dict(fields(dict(fields(architecture[9]))[1]))[1] == b"graph_keras_model"
    assert json.loads(dict(fields(architecture[8]))[8])["class_name"] == "Sequential"
    kernel = next(value for value in values[::-1] if value[1] == b"small/hidden/kernel/histogram")
    histogram = fields(kernel[5])
    weights = trained.layers[0].kernel.numpy()
    assert np.isclose(dict(histogram)[1], weights.min()) and dict(histogram)[3] == weights.size
    assert np.frombuffer(dict(histogram)[7]).sum() == weights.size
    picture = dict(fields(next(value for value in values if value[1].endswith(b"kernel/image"))[4]))
    assert (picture[1], picture[2]) == weights.shape and picture[4].startswith(b"\x89PNG")


def test_what_tensorboard_refuses() -> None:
    with pytest.raises(Unsupported, match="profiles and embeddings"):
        callbacks.TensorBoard(profile_batch=2)
    with pytest.raises(ConfigError, match="update_freq"):
        callbacks.TensorBoard(update_freq="sometimes")
    spelling.forget()
    with pytest.warns(OldSpelling, match="batch_size"):
        callbacks.TensorBoard(batch_size=32)


def test_script_is_seen_by_history() -> None:
    assert model().fit(X, Y, verbose=0, callbacks=[Script(loss=[7.0])]).history["loss"] == [7.0]
