"""Datasets: going through them again and again, and those made of folders and arrays."""

from __future__ import annotations

import pathlib
import threading
import wave
from typing import Any

import numpy as np
import pytest

import zoo
from tests.utils.pictures import write_pictures
from zoo import utils
from zoo.engine import rng
from zoo.errors import ConfigError, CorruptFile, UnsupportedFile
from zoo.utils.dataset import Dataset, ahead


def numbers(count: int = 7) -> Dataset:
    return Dataset(lambda: iter(range(count)), count, {"class_names": ["a"]})


def lists(dataset: Dataset) -> list[Any]:
    return [np.asarray(element).tolist() for element in dataset]


TRANSFORMED = {
    "map": (lambda d: d.map(lambda n: n * n), [0, 1, 4, 9, 16, 25, 36]),
    "map in threads": (lambda d: d.map(lambda n: n + 1, num_parallel_calls=3), [1, 2, 3, 4, 5, 6, 7]),
    "batch": (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "whole batches": (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "take": (lambda d: d.take(2), [0, 1]),
    "skip": (lambda d: d.skip(5), [5, 6]),
    "repeat": (lambda d: d.take(2).repeat(2), [0, 1, 0, 1]),
    "for ever": (lambda d: d.repeat().take(9), [0, 1, 2, 3, 4, 5, 6, 0, 1]),
    "prefetch": (lambda d: d.prefetch(2), [0, 1, 2, 3, 4, 5, 6]),
    "prefetch as it likes": (lambda d: d.prefetch(-1), [0, 1, 2, 3, 4, 5, 6]),
    "cache": (lambda d: d.cache(), [0, 1, 2, 3, 4, 5, 6]),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str) -> None:
    transform, expected = TRANSFORMED[name]
    dataset = transform(numbers())
    for _ in range(2):                                      # each iteration starts anew
        assert lists(dataset) == expected
    assert dataset.class_names == ["a"]
    if dataset.cardinality() != -2:
        assert len(dataset) == len(expected)


def test_unbatch_and_unknown_lengths() -> None:
    unbatched = numbers(5).map(lambda n: (n, {"a": -n})).batch(2).unbatch()
    assert [(int(n), int(d["a"])) for n, d in unbatched] == [(0, 0), (1, -1), (2, -2), (3, -3), (4, -4)]
    with pytest.raises(TypeError, match="not known"):
        len(unbatched)
    with pytest.raises(ConfigError, match="batch_size"):
        numbers().batch(0)


def test_shuffle() -> None:
    shuffled = numbers(50).shuffle(10, seed=3)
    first, second = lists(shuffled), lists(shuffled)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert all(value <= place + 10 for place, value in enumerate(first))               # not before it is in the buffer
    assert lists(numbers(50).shuffle(10, seed=3)) == first
    fixed = numbers(50).shuffle(10, reshuffle_each_iteration=False)
    assert lists(fixed) == lists(fixed)


def test_cache_goes_through_the_source_once() -> None:
    calls = []
    cached = numbers(3).map(lambda n: calls.append(n) or n).cache()
    assert [lists(cached), lists(cached)] == [[0, 1, 2]] * 2 and calls == [0, 1, 2]


def test_errors_of_threads_arrive() -> None:
    def fail(n: int) -> int:
        if n == 2:
            raise OSError("gone")
        return n
    for dataset in (numbers().map(fail, num_parallel_calls=2), numbers().map(fail).prefetch(1)):
        with pytest.raises(OSError, match="gone"):
            lists(dataset)


def test_threads_stay_a_bounded_way_ahead() -> None:
    started = []
    results = ahead(lambda n: started.append(n) or n, range(1000), workers=2, depth=5)
    assert next(results) == 0 and len(started) <= 6
    before = threading.active_count()
    results.close()
    assert threading.active_count() < before


def test_fit_takes_datasets() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    model = zoo.Sequential([zoo.Input((3,)), zoo.layers.Dense(1)])
    model.compile("sgd", "mse")
    samples = Dataset(lambda: iter(zip(x, x[:, :1])), 20)
    history = model.fit(samples.batch(8), epochs=2, verbose=0, validation_data=samples.batch(8))
    assert set(history.history) == {"loss", "val_loss"}
    assert model.predict(samples.batch(8).map(lambda x, y: x), verbose=0).shape == (20, 1)


# ---- folders of pictures

@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    write_pictures(tmp_path, {"cats": 5, "dogs": 5})
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path


def colours(images: np.ndarray) -> list[tuple[int, int]]:
    return [(int(image[0, 0, 0]), int(image[0, 0, 1])) for image in images]


def test_images_in_order(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = utils.image_dataset_from_directory(folder, shuffle=False, image_size=(4, 5), batch_size=4)
    assert capsys.readouterr().out == "Found 10 files belonging to 2 classes.\n"
    assert dataset.class_names == ["cats", "dogs"] and len(dataset.file_paths) == 10 and len(dataset) == 3
    batches = list(dataset)
    assert [images.shape for images, _ in batches] == [(4, 4, 5, 3), (4, 4, 5, 3), (2, 4, 5, 3)]
    assert batches[0][0].dtype == np.float32 and batches[0][1].dtype == np.int32
    seen = [colour for images, _ in batches for colour in colours(images)]
    assert seen == [(100 * k, 10 * i) for k in (0, 1) for i in range(5)]
    assert np.concatenate([labels for _, labels in batches]).tolist() == [0] * 5 + [1] * 5


def test_shuffled_images_keep_their_labels(folder: pathlib.Path) -> None:
    dataset = utils.image_dataset_from_directory(folder, seed=1, image_size=4, batch_size=10, verbose=False)
    (first, labels), (second, _) = next(iter(dataset)), next(iter(dataset))
    assert [red // 100 for red, _ in colours(first)] == labels.tolist()
    assert sorted(colours(first)) == sorted(colours(second)) and colours(first) != colours(second)


@pytest.mark.parametrize(("mode", "expected"), [
    ("int", [0, 1]), ("binary", [[0.0], [1.0]]), ("categorical", [[1.0, 0.0], [0.0, 1.0]])])
def test_label_modes(folder: pathlib.Path, mode: str, expected: list[Any]) -> None:
    dataset = utils.image_dataset_from_directory(folder, label_mode=mode, shuffle=False, image_size=4, verbose=False)
    labels = next(iter(dataset))[1]
    assert [labels[0].tolist(), labels[-1].tolist()] == expected


def test_images_without_labels_and_modes_of_colour(folder: pathlib.Path) -> None:
    options: dict[str, Any] = {"image_size": 4, "shuffle": False, "verbose": False}
    for color_mode, channels in (("grayscale", 1), ("rgb", 3), ("rgba", 4)):
        dataset = utils.image_dataset_from_directory(folder, label_mode=None, color_mode=color_mode, **options)
        assert next(iter(dataset)).shape == (10, 4, 4, channels)
    first = utils.image_dataset_from_directory(folder, data_format="channels_first", batch_size=None, **options)
    assert next(iter(first))[0].shape == (3, 4, 4)
    own = utils.image_dataset_from_directory(folder, labels=list(range(10)), **options)
    assert next(iter(own))[1].tolist() == list(range(10)) and own.class_names == [str(i) for i in range(10)]
    chosen = utils.image_dataset_from_directory(folder, class_names=["dogs", "cats"], **options)
    assert chosen.class_names == ["dogs", "cats"] and next(iter(chosen))[0][0, 0, 0, 0] == 100


def test_parts_do_not_overlap(folder: pathlib.Path) -> None:
    def paths(subset: str) -> Any:
        made = utils.image_dataset_from_directory(folder, validation_split=0.3, subset=subset, seed=5, verbose=False)
        return [d.file_paths for d in made] if isinstance(made, tuple) else made.file_paths
    training, validation = paths("training"), paths("validation")
    assert len(training) == 7 and len(validation) == 3 and not set(training) & set(validation)
    assert paths("both") == [training, validation]
    # the order is that of NumPy's old generator, as in Keras: the same seed gives the same parts there
    everything = sorted(training + validation)
    np.random.RandomState(5).shuffle(everything)
    assert training + validation == everything


def test_aspect_ratios(tmp_path: pathlib.Path) -> None:
    (tmp_path / "c").mkdir()
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6] = 200                                    # the middle is bright
    utils.save_img(tmp_path / "c" / "a.png", pixels, scale=False)

    def image(**options: bool) -> np.ndarray:
        return next(iter(utils.image_dataset_from_directory(tmp_path, image_size=4, verbose=False, **options)))[0][0]
    assert image(crop_to_aspect_ratio=True).min() == 200
    assert image(pad_to_aspect_ratio=True)[0].max() == 0
    assert 0 < image().mean() < 200


REFUSED = [({"label_mode": "text"}, "label_mode"), ({"color_mode": "cmyk"}, "color_mode"),
           ({"interpolation": "sinc"}, "interpolation"), ({"validation_split": 0.5}, "belong together"),
           ({"subset": "training", "validation_split": 0.5}, "give a `seed`"),
           ({"validation_split": 1.5, "subset": "training", "seed": 1}, "between 0 and 1"),
           ({"class_names": ["birds"]}, "have no folders"), ({"labels": [1, 2]}, "label of each of the 10 files"),
           ({"labels": None, "class_names": ["cats"]}, "labels='inferred'"),
           ({"label_mode": "binary", "class_names": ["cats"]}, "two classes")]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_folders_of_images_refuse(folder: pathlib.Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        utils.image_dataset_from_directory(folder, verbose=False, **options)


def test_a_folder_without_images(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no files"):
        utils.image_dataset_from_directory(tmp_path, verbose=False)


# ---- texts, sounds, time series

def test_texts(tmp_path: pathlib.Path) -> None:
    for name, text in (("a", "grün"), ("b", "rot")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text(text, encoding="utf-8")
    texts, labels = next(iter(utils.text_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))
    assert texts.tolist() == ["grün", "rot"] and texts.dtype == object and labels.tolist() == [0, 1]
    cut = utils.text_dataset_from_directory(tmp_path, shuffle=False, max_length=3, label_mode=None, verbose=False)
    assert next(iter(cut)).tolist() == ["gr", "rot"]


def write_sound(path: pathlib.Path, samples: list[int], width: int = 2) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(np.array(samples, f"<i{width}").tobytes())


def test_sounds(tmp_path: pathlib.Path) -> None:
    (tmp_path / "c").mkdir()
    write_sound(tmp_path / "c" / "1.wav", [0, 16384, -32768])
    write_sound(tmp_path / "c" / "2.wav", [8192])
    sounds, labels = next(iter(utils.audio_dataset_from_directory(tmp_path, output_sequence_length=2, shuffle=False,
                                                                  verbose=False)))
    assert sounds[..., 0].tolist() == [[0, 0.5], [0.25, 0]] and labels.tolist() == [0, 0]
    write_sound(tmp_path / "c" / "1.wav", [0], width=4)
    with pytest.raises(UnsupportedFile, match="16 bits, received 32"):
        next(iter(utils.audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))
    (tmp_path / "c" / "1.wav").write_bytes(b"RIFF")
    with pytest.raises(CorruptFile, match="1.wav"):
        next(iter(utils.audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))
    with pytest.raises(ConfigError, match="not resampled"):
        utils.audio_dataset_from_directory(tmp_path, sampling_rate=8000)


def test_timeseries() -> None:
    data = np.arange(20)
    dataset = utils.timeseries_dataset_from_array(data, data * 10, 3, sampling_rate=2, sequence_stride=4, batch_size=3)
    batches = list(dataset)
    assert batches[0][0].tolist() == [[0, 2, 4], [4, 6, 8], [8, 10, 12]] and batches[0][1].tolist() == [0, 40, 80]
    assert batches[1][0].tolist() == [[12, 14, 16]] and len(batches) == 2
    part = utils.timeseries_dataset_from_array(data, None, 2, start_index=5, end_index=8, batch_size=None)
    assert [window.tolist() for window in part] == [[5, 6], [6, 7]]
    mixed = utils.timeseries_dataset_from_array(data, None, 2, shuffle=True, seed=1, batch_size=19)
    first, second = list(mixed)[0].tolist(), list(mixed)[0].tolist()
    assert sorted(first) == sorted(second) == [[i, i + 1] for i in range(19)] and first != second
    with pytest.raises(ConfigError, match="sequence_length"):
        utils.timeseries_dataset_from_array(data, None, 0)


# ---- parts

@pytest.mark.parametrize(("sizes", "counts"), [
    ({"left_size": 0.8}, (8, 2)), ({"right_size": 3}, (7, 3)), ({"left_size": 2, "right_size": 0.3}, (2, 3))])
def test_split_dataset(sizes: dict[str, Any], counts: tuple[int, int]) -> None:
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    left, right = utils.split_dataset((x, y), **sizes)
    assert (len(left), len(right)) == counts
    batch = next(iter(left.batch(2)))
    assert batch[0].tolist() == [[0, 1], [2, 3]] and batch[1].tolist() == [0, 1]
    assert [int(label) for _, label in right] == list(range(10 - counts[1], 10))


def test_split_dataset_at_random() -> None:
    rng.set_random_seed(1)
    left, right = utils.split_dataset(np.arange(10), 0.5, shuffle=True)
    seen = [int(n) for part in (left, right) for n in part]
    assert sorted(seen) == list(range(10)) and seen != list(range(10))
    for sizes in ({}, {"left_size": 1.5}, {"left_size": 11}, {"left_size": 6, "right_size": 6}):
        with pytest.raises(ConfigError, match="split_dataset"):
            utils.split_dataset(np.arange(10), **sizes)


def test_packing() -> None:
    assert utils.pack_x_y_sample_weight(1) == 1 and utils.pack_x_y_sample_weight(1, 2) == (1, 2)
    assert utils.pack_x_y_sample_weight([1], None) == ([1],) and utils.pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    assert utils.unpack_x_y_sample_weight((1, 2)) == (1, 2, None)
    assert utils.unpack_x_y_sample_weight(7) == (7, None, None)
    with pytest.raises(ConfigError, match="4 parts"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))
