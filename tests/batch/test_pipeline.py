"""Results belong to their files, errors become rows, memory is bounded, one batch shape."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.batch.pictures import bomb, flat, truncated
from zoo.batch import images
from zoo.batch.pipeline import classify, read_ahead
from zoo.batch.rows import Prediction
from zoo.batch.sources import ImageSource, find_images
from zoo.batch.worker import Classifier
from zoo.errors import ConfigError, FileError, ShapeError


class MeanModel:
    """Scores (mean of red, mean of green, mean of blue) / 255."""

    def __init__(self) -> None:
        self.shapes: Counter[tuple[int, ...]] = Counter()

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        self.shapes[x.shape] += 1
        return x.mean(axis=(1, 2)) / np.float32(255)


def classifier(model: object, **options: object) -> Classifier:
    return Classifier(model, lambda image: np.asarray(image.resize((4, 4)), np.float32), (4, 4, 3),
                      ("red", "green", "blue"), **options)


def gradient(folder: Path, count: int) -> list[ImageSource]:
    """Images whose red is their number."""
    for i in range(count):
        flat(folder / f"{i}.png", (i, 0, 0))
    return find_images([folder])


@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
def test_each_result_belongs_to_its_file(tmp_path: Path, batch_size: int) -> None:
    model = MeanModel()
    rows = list(classify(gradient(tmp_path, 21), classifier(model), batch_size=batch_size))
    assert [Path(row.path).stem for row in rows] == [str(i) for i in range(21)]
    assert [round(row.predictions[0].score * 255) for row in rows] == list(range(21))
    assert model.shapes == {(min(batch_size, 21), 4, 4, 3): -(-21 // batch_size)}       # one shape, one program


def test_broken_images_become_rows_and_move_nothing(tmp_path: Path) -> None:
    for i in range(12):
        flat(tmp_path / f"{i}.png", (10 * i, 0, 0))
    for i in (0, 3, 4, 11):
        truncated(tmp_path / f"{i}.png")
    bomb(tmp_path / "7.png")
    (tmp_path / "8.png").write_bytes(b"")
    rows = list(classify(find_images([tmp_path]), classifier(MeanModel()), batch_size=3))
    broken = {0, 3, 4, 7, 8, 11}
    assert {i for i, row in enumerate(rows) if row.error} == broken
    assert all(round(row.predictions[0].score * 255) == 10 * i for i, row in enumerate(rows) if i not in broken)
    assert all(not row.predictions for i, row in enumerate(rows) if i in broken)
    assert "decompression bomb" in rows[7].error and "empty" in rows[8].error


def test_batches_without_any_image_do_not_run_the_model(tmp_path: Path) -> None:
    model = MeanModel()
    sources = [ImageSource(str(tmp_path / "gone.png")), ImageSource("*.x", "no match")]
    rows = list(classify(sources, classifier(model)))
    assert [row.error for row in rows] == ["the file cannot be read: No such file or directory", "no match"]
    assert not model.shapes


def test_scores_that_are_not_finite_are_errors(tmp_path: Path) -> None:
    class Poisoned(MeanModel):
        def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
            scores = super().predict_on_batch(x)
            scores[1] = np.nan
            return scores

    rows = list(classify(gradient(tmp_path, 3), classifier(Poisoned())))
    assert [row.error is None for row in rows] == [True, False, True]
    assert "not finite" in rows[1].error


def test_best_classes_are_sorted_and_ties_keep_their_order() -> None:
    best = classifier(MeanModel(), top_k=2).best(np.float32([0.1, 0.7, 0.7]))
    assert best == (Prediction(1, "green", 0.7), Prediction(2, "blue", 0.7))
    assert len(classifier(MeanModel(), top_k=9).best(np.float32([1, 2, 3]))) == 3


@pytest.mark.parametrize("outputs", [np.zeros((2, 5)), np.zeros((1, 3)), [np.zeros((2, 3)), np.zeros((2, 3))]])
def test_outputs_of_another_shape_are_refused(tmp_path: Path, outputs: object) -> None:
    class Other:
        def predict_on_batch(self, x: np.ndarray) -> object:
            return outputs

    with pytest.raises(ShapeError, match=r"Expected scores of shape \(batch, classes\) = \(2, 3\)"):
        list(classify(gradient(tmp_path, 2), classifier(Other())))


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": -1}])
def test_wrong_batch_size(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        list(classify(gradient(tmp_path, 1), classifier(MeanModel()), **wrong))


class Reader:
    """Reads nothing, but counts how many of its results are alive and how many threads are at work."""

    def __init__(self, pause: Callable[[str], float] = lambda path: 0.0):
        self.alive = self.most_alive = self.working = self.most_working = 0
        self.read: list[str] = []
        self._lock, self._pause = threading.Lock(), pause

    def __call__(self, path: str) -> np.ndarray:
        with self._lock:
            self.working += 1
            self.most_working = max(self.most_working, self.working)
        time.sleep(self._pause(path))
        with self._lock:
            self.working -= 1
            self.alive += 1
            self.most_alive = max(self.most_alive, self.alive)
            self.read.append(path)
        return Counted((2,), self)

    def release(self) -> None:
        with self._lock:
            self.alive -= 1


class Counted(np.ndarray):
    """An array that tells its reader when it is gone."""

    def __new__(cls, shape: tuple[int, ...], reader: Reader) -> Counted:
        array = np.zeros(shape, np.float32).view(cls)
        array.reader = reader
        return array

    def __del__(self) -> None:
        if getattr(self, "reader", None) is not None:
            self.reader.release()


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    most = []
    for count in (50, 400):
        reader = Reader()
        for _ in read_ahead([ImageSource(str(i)) for i in range(count)], reader, decoders=3, ahead=8):
            time.sleep(0.0002)
        assert len(reader.read) == count
        most.append(reader.most_alive)
    assert max(most) <= 8 + 2


def test_order_is_kept_when_the_first_image_is_the_slowest() -> None:
    reader = Reader(pause=lambda path: 0.05 if path == "0" else 0.0)
    samples = list(read_ahead([ImageSource(str(i)) for i in range(9)], reader, decoders=3, ahead=4))
    assert [sample.path for sample in samples] == [str(i) for i in range(9)]
    assert reader.read[0] != "0"


def test_reading_goes_on_while_the_model_computes(tmp_path: Path) -> None:
    seen: list[int] = []
    reader = Reader()

    class Slow(MeanModel):
        def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
            before = len(reader.read)
            deadline = time.monotonic() + 5
            while len(reader.read) == before and time.monotonic() < deadline and before < 12:
                time.sleep(0.001)
            seen.append(len(reader.read) - before)
            return np.zeros((len(x), 3), np.float32)

    class Reading(Classifier):
        def read(self, path: str) -> np.ndarray:
            time.sleep(0.002)
            return np.asarray(reader(path))

    rows = classify([ImageSource(str(i)) for i in range(12)],
                    Reading(Slow(), None, (2,), ("red", "green", "blue")), batch_size=2, decoders=1)
    assert len(list(rows)) == 12
    assert seen[0] > 0


def test_stopping_early_leaves_no_thread_behind() -> None:
    reader = Reader(pause=lambda path: 0.002)
    samples = read_ahead([ImageSource(str(i)) for i in range(500)], reader, decoders=2, ahead=50)
    next(samples)
    samples.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-decoder")]
    assert len(reader.read) < 60


def test_an_error_that_is_not_about_the_file_is_not_hidden(tmp_path: Path) -> None:
    def broken(path: str) -> np.ndarray:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(read_ahead([ImageSource("a")], broken, decoders=1, ahead=1))


def test_file_errors_of_reading_are_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, **options: object) -> None:
        raise FileError("no")

    monkeypatch.setattr(images, "decode", refuse)
    assert [row.error for row in classify([ImageSource("a")], classifier(MeanModel()))] == ["no"]
