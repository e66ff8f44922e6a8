"""Random changes of images, and batches of them."""

from __future__ import annotations

import pathlib
import warnings
from typing import Any

import numpy as np
import pytest

import zoo
from tests.utils.pictures import write_pictures
from zoo.errors import ConfigError, ShapeError
from zoo.preprocessing import image
from zoo.preprocessing.image.changes import drawn_shift

ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is what affine maps are compared with")

X = (np.random.default_rng(0).random((10, 6, 8, 3)) * 255).astype("float32")
Y = np.arange(10) % 2
LAST: dict[str, Any] = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}

MAPS = [{"theta": 30}, {"tx": 1.5, "ty": -2.25}, {"shear": 20}, {"zx": 0.5, "zy": 1.7},
        {"theta": -75, "tx": 3, "ty": 4.5, "shear": -10, "zx": 2.5, "zy": 2.2}]


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("parameters", MAPS, ids=lambda p: "-".join(p))
def test_affine_maps_read_as_scipy_does(parameters: dict[str, float], mode: str, order: int) -> None:
    x = X[0].astype(float)
    moved = image.apply_affine_transform(x, **parameters, **LAST, fill_mode=mode, cval=-5, order=order)
    rows, columns = x.shape[:2]
    matrix = image.affine.transform_matrix(**parameters)[[1, 0, 2]][:, [1, 0, 2]]       # of (row, column)
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    offset = matrix[:2, 2] + middle - matrix[:2, :2] @ middle
    expected = np.stack([ndimage.affine_transform(x[..., c], matrix[:2, :2], offset, order=order, mode=mode, cval=-5)
                         for c in range(3)], -1)
    differs = np.abs(moved - expected).max(-1) > 1e-9
    assert differs.mean() <= (0.05 if order == 0 else 0)    # halves of pixels round to either side


def test_affine_maps_by_hand() -> None:
    x = np.zeros((3, 5, 1))
    x[1, 2] = 1

    def spot(**parameters: float) -> tuple[int, int]:
        return tuple(map(int, np.argwhere(image.apply_affine_transform(x, **parameters, **LAST)[..., 0] > 0.9)[0]))
    assert spot(tx=1) == (1, 1) and spot(ty=1) == (0, 2)     # x is along the columns, y along the rows
    x[1, 2], x[1, 3] = 0, 1
    assert spot(theta=90) in ((0, 2), (2, 2)) and spot(theta=180) == (1, 1)            # around the middle
    assert image.apply_affine_transform(x, **LAST) is x
    first = image.apply_affine_transform(x.transpose(2, 0, 1), theta=180)
    assert first.shape == (1, 3, 5) and first[0, 1, 1] > 0.9


def test_what_affine_maps_refuse() -> None:
    with pytest.raises(ConfigError, match="fill_mode"):
        image.apply_affine_transform(X[0], theta=1, fill_mode="mirror", **LAST)
    with pytest.raises(ConfigError, match="order 0 or 1"):
        image.apply_affine_transform(X[0], theta=1, order=3, **LAST)
    with pytest.raises(ShapeError, match="axes 0, 0, 2"):
        image.apply_affine_transform(X[0], theta=1, row_axis=0, col_axis=0, channel_axis=2)


def test_brightness_and_channels() -> None:
    assert np.allclose(image.apply_brightness_shift(X[0], 1.0, scale=False), np.floor(X[0]))
    assert image.apply_brightness_shift(X[0], 0.5, scale=False).mean() < X[0].mean() * 0.6
    shifted = image.apply_channel_shift(X[0], 30, 2)
    assert np.allclose(shifted, np.clip(X[0] + 30, X[0].min(), X[0].max()))


def test_shifts_in_shares_pixels_and_lists() -> None:
    assert drawn_shift(0.0, 100) == 0
    assert all(abs(drawn_shift(0.2, 100)) <= 20 for _ in range(50))
    assert {abs(drawn_shift(3, 100)) for _ in range(100)} == {0, 1, 2}
    assert {drawn_shift([5], 100) for _ in range(50)} == {-5, 5}


RANDOM = {
    "rotation": lambda: image.random_rotation(X[0], 40, **LAST),
    "shift": lambda: image.random_shift(X[0], 0.3, 0.3, **LAST),
    "shear": lambda: image.random_shear(X[0], 30, **LAST),
    "zoom": lambda: image.random_zoom(X[0], (0.5, 0.8), **LAST),
    "channels": lambda: image.random_channel_shift(X[0], 50, 2),
    "brightness": lambda: image.random_brightness(X[0], (0.2, 0.6)),
}


@pytest.mark.parametrize("name", RANDOM)
def test_functions_of_one_image(name: str) -> None:
    np.random.seed(1)
    first, second = RANDOM[name](), RANDOM[name]()
    np.random.seed(1)
    assert first.shape == X[0].shape and not np.array_equal(first, second) and np.array_equal(first, RANDOM[name]())


# ---- ImageDataGenerator

CHANGES = {"rotation_range": 20, "width_shift_range": 0.2, "height_shift_range": 2, "brightness_range": (0.5, 1.5),
           "shear_range": 10.0, "zoom_range": 0.2, "channel_shift_range": 20.0, "horizontal_flip": True,
           "vertical_flip": True, "fill_mode": "reflect"}


def test_the_same_seed_gives_the_same_batches() -> None:
    batches = []
    for _ in range(2):
        flow = image.ImageDataGenerator(**CHANGES).flow(X, Y, batch_size=4, seed=7)
        batches.append([next(flow) for _ in range(5)])
    for (x1, y1), (x2, y2) in zip(*batches):
        assert np.array_equal(x1, x2) and np.array_equal(y1, y2)
    assert [len(x) for x, _ in batches[0]] == [4, 4, 2, 4, 4]
    assert not np.array_equal(batches[0][0][1], batches[0][3][1])                      # another order


def test_batches_by_number() -> None:
    flow = image.ImageDataGenerator(rescale=0.5).flow(X, Y, batch_size=4, shuffle=False)
    assert len(flow) == 3 and np.allclose(flow[2][0], X[8:] / 2) and np.array_equal(flow[1][1], Y[4:8])
    with pytest.raises(IndexError):
        flow[3]


def test_one_parameter_at_a_time() -> None:
    generator = image.ImageDataGenerator(data_format="channels_last")
    assert np.array_equal(generator.apply_transform(X[0], {}), X[0])
    assert np.array_equal(generator.apply_transform(X[0], {"flip_horizontal": True}), X[0][:, ::-1])
    assert np.array_equal(generator.apply_transform(X[0], {"flip_vertical": True}), X[0][::-1])
    assert np.allclose(generator.apply_transform(X[0], {"tx": 1.0})[:, :-1], X[0][:, 1:])
    assert np.allclose(generator.apply_transform(X[0], {"ty": 1.0})[:-1], X[0][1:])
    drawn = image.ImageDataGenerator(height_shift_range=[2]).get_random_transform((6, 8, 3), seed=1)
    assert abs(drawn["ty"]) == 2 and drawn["tx"] == 0


def test_channels_first_is_the_same() -> None:
    last = image.ImageDataGenerator(rotation_range=30, horizontal_flip=True, channel_shift_range=9.0)
    first = image.ImageDataGenerator(rotation_range=30, horizontal_flip=True, channel_shift_range=9.0,
                                     data_format="channels_first")
    a, b = next(last.flow(X, seed=3)), next(first.flow(X.transpose(0, 3, 1, 2), seed=3))
    assert np.allclose(a, b.transpose(0, 2, 3, 1))


def test_statistics() -> None:
    generator = image.ImageDataGenerator(featurewise_std_normalization=True)
    with pytest.warns(UserWarning, match="call fit"):
        generator.standardize(X[0].copy())
    generator.fit(X)
    batch = next(generator.flow(X, batch_size=10))
    assert np.allclose(batch.mean((0, 1, 2)), 0, atol=1e-5) and np.allclose(batch.std((0, 1, 2)), 1, atol=1e-4)
    own = next(image.ImageDataGenerator(samplewise_std_normalization=True).flow(X, batch_size=10))
    assert np.allclose(own.mean((1, 2, 3)), 0, atol=1e-5) and np.allclose(own.std((1, 2, 3)), 1, atol=1e-4)
    generator.fit(X, augment=True, rounds=2, seed=1)
    with pytest.raises(ShapeError, match="rank 4"):
        generator.fit(X[0])


def test_whitening_takes_correlations_away() -> None:
    small = X[:, :2, :2, :1] / 255
    generator = image.ImageDataGenerator(zca_whitening=True)
    generator.fit(small)
    white = next(generator.flow(small, batch_size=10)).reshape(10, 4)
    assert np.allclose(white.T @ white / 10, np.eye(4), atol=1e-3)


def test_functions_of_the_user_come_first() -> None:
    generator = image.ImageDataGenerator(preprocessing_function=lambda x: x * 0 + 4, rescale=0.5)
    assert (next(generator.flow(X)) == 2).all()


def test_subsets_weights_and_further_inputs() -> None:
    generator = image.ImageDataGenerator(validation_split=0.4)
    weights, more = np.arange(10.0), np.arange(20).reshape(10, 2)
    flow = generator.flow((X, more), Y, sample_weight=weights, subset="training", shuffle=False)
    (x, extra), y, w = next(flow)
    assert len(flow.x) == 6 and np.array_equal(extra, more[4:]) and np.array_equal(w, weights[4:])
    assert len(generator.flow(X, Y, subset="validation").x) == 4
    with pytest.raises(ConfigError, match="different classes"):
        generator.flow(X, np.arange(10) // 5, subset="training")
    with pytest.raises(ConfigError, match="subset"):
        generator.flow(X, Y, subset="test")
    with pytest.raises(ShapeError, match="lengths"):
        generator.flow(X, Y[:3])


def test_saved_pictures(tmp_path: pathlib.Path) -> None:
    next(image.ImageDataGenerator().flow(X, batch_size=3, save_to_dir=str(tmp_path), save_prefix="p"))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 3 and all(name.startswith("p_") and name.endswith(".png") for name in names)


def test_what_generators_refuse() -> None:
    for arguments in ({"zoom_range": (1, 2, 3)}, {"brightness_range": (1,)}, {"validation_split": 2},
                      {"data_format": "rows"}):
        with pytest.raises(ConfigError, match=next(iter(arguments))):
            image.ImageDataGenerator(**arguments)


# ---- files

@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    write_pictures(tmp_path, {"cats": 4, "dogs": 2})
    return tmp_path


@pytest.mark.parametrize(("mode", "expected"), [
    ("categorical", [[1, 0]] * 4 + [[0, 1]] * 2), ("binary", [0] * 4 + [1] * 2), ("sparse", [0] * 4 + [1] * 2)])
def test_folders(folder: pathlib.Path, mode: str, expected: Any, capsys: pytest.CaptureFixture[str]) -> None:
    flow = image.ImageDataGenerator().flow_from_directory(folder, target_size=(4, 5), class_mode=mode, shuffle=False)
    assert capsys.readouterr().out == "Found 6 images belonging to 2 classes.\n"
    x, y = next(flow)
    assert x.shape == (6, 4, 5, 3) and y.tolist() == expected and y.dtype == np.float32
    assert flow.class_indices == {"cats": 0, "dogs": 1} and flow.filenames[4] == "dogs/00.png"
    assert (x[4:, ..., 0] == 100).all()


def test_other_targets_of_folders(folder: pathlib.Path) -> None:
    generator = image.ImageDataGenerator(rescale=0.5, validation_split=0.5)
    x, y = next(generator.flow_from_directory(folder, class_mode="input", color_mode="grayscale", target_size=(4, 4)))
    assert np.array_equal(x, y) and x.shape == (6, 4, 4, 1)
    assert next(generator.flow_from_directory(folder, class_mode=None, classes=["dogs"])).shape == (2, 256, 256, 3)
    parts = [generator.flow_from_directory(folder, subset=subset).filenames for subset in ("training", "validation")]
    assert [len(part) for part in parts] == [3, 3] and not set(parts[0]) & set(parts[1])
    with pytest.raises(ConfigError, match="class_mode"):
        generator.flow_from_directory(folder, class_mode="raw")


class Table:
    """As much of a pandas table as is needed."""

    class Column:
        def __init__(self, values: list[Any]):
            self.values = values

        def __iter__(self) -> Any:
            return iter(self.values)

        def tolist(self) -> list[Any]:
            return list(self.values)

        def to_numpy(self) -> np.ndarray:
            return np.array(self.values)

    def __init__(self, **columns: list[Any]):
        self.columns = columns

    def __getitem__(self, name: str) -> Any:
        return self.Column(self.columns[name])


def test_tables(folder: pathlib.Path) -> None:
    names = ["cats/00.png", "dogs/00.png", "gone.png", "cats/01.png"]
    table = Table(filename=names, kind=["cat", "dog", "dog", "cat"], several=[["a"], ["a", "b"], ["b"], ["b"]],
                  size=[1.0, 2.0, 3.0, 4.0], weight=[0.1, 0.2, 0.3, 0.4])
    generator = image.ImageDataGenerator()
    options: dict[str, Any] = {"target_size": (4, 4), "shuffle": False}
    x, y, w = next(generator.flow_from_dataframe(table, folder, y_col="kind", weight_col="weight", **options))
    assert x.shape == (3, 4, 4, 3) and y.tolist() == [[1, 0], [0, 1], [1, 0]] and w.tolist() == [0.1, 0.2, 0.4]

    def targets(y_col: Any, class_mode: str) -> Any:
        y = next(generator.flow_from_dataframe(table, folder, y_col=y_col, class_mode=class_mode, **options))[1]
        return [part.tolist() for part in y] if isinstance(y, list) else y.tolist()
    assert targets("several", "categorical") == [[1, 0], [1, 1], [0, 1]]
    assert targets("kind", "binary") == [0, 1, 0] and targets("size", "raw") == [1, 2, 4]
    assert targets(["size", "weight"], "multi_output") == [[1, 2, 4], [0.1, 0.2, 0.4]]
    only = generator.flow_from_dataframe(table, folder, y_col="kind", classes=["dog"], class_mode="sparse", **options)
    assert only.filenames == ["dogs/00.png"]
    with pytest.raises(ConfigError, match="two classes"):
        generator.flow_from_dataframe(table, folder, y_col="kind", classes=["dog"], class_mode="binary")


def test_training_from_a_folder(folder: pathlib.Path) -> None:
    flow = image.ImageDataGenerator(horizontal_flip=True, rescale=1 / 255).flow_from_directory(
        folder, target_size=(4, 4), class_mode="binary", batch_size=2, seed=1)
    model = zoo.Sequential([zoo.Input((4, 4, 3)), zoo.layers.Flatten(), zoo.layers.Dense(1, activation="sigmoid")])
    model.compile(zoo.optimizers.SGD(0.5), "binary_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = model.fit(flow, epochs=15, verbose=0, validation_data=flow).history["loss"]
    assert losses[-1] < losses[0]
