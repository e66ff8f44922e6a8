"""Layers that change images, in training: against NumPy, pixel by pixel, and by what they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import layers, models, ops
from zoo.engine.function import Function
from zoo.errors import ConfigError, Unsupported

RNG = np.random.default_rng(0)
X = (RNG.random((4, 8, 9, 3)) * 255).astype("float32")
FACTOR = RNG.uniform(-0.3, 0.3, (4, 1, 1, 1)).astype("float32")
CHOSEN = np.array([True, False, True, True]).reshape(4, 1, 1, 1)
SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
GREY = np.array([0.2989, 0.587, 0.114])

RANDOM: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("CutMix", "MixUp", "RandAugment", "RandomElasticTransform", "RandomErasing", "RandomFlip",
                             "RandomGaussianBlur", "RandomGrayscale", "RandomInvert", "RandomPerspective")},
    **{name: {"factor": 0.2} for name in ("RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomHue",
                                          "RandomRotation", "RandomSaturation", "RandomSharpness")},
    "RandomColorJitter": {f"{name}_factor": 0.2 for name in ("brightness", "contrast", "saturation", "hue")},
    "RandomCrop": {"height": 4, "width": 5}, "RandomPosterization": {"factor": 4},
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.2}, "RandomZoom": {"height_factor": 0.3},
    "Solarization": {"addition_factor": 0.2, "threshold_factor": 0.5},
}


def made(name: str, **more: Any) -> Any:
    return getattr(layers, name)(**RANDOM.get(name, {}), **more)


@pytest.mark.parametrize("name", RANDOM)
def test_the_same_seed_gives_the_same_images(name: str) -> None:
    one, two = made(name, seed=7), made(name, seed=7)
    compiled = Function(lambda x: two(x, training=True))
    results = [np.asarray(one(X)) for _ in range(3)]                    # a call outside of a model is one for training
    for result in results:
        np.testing.assert_allclose(compiled(X), result, rtol=1e-4, atol=1e-3)
    assert not np.array_equal(results[0], results[1])
    assert np.isfinite(results).all()


@pytest.mark.parametrize("name", [*RANDOM, "AugMix", "Equalization"])
def test_models_change_images_in_training_only(name: str) -> None:
    images = layers.Input((8, 9, 3))
    model = models.Model(images, made(name)(images))
    size = (4, 5) if name == "RandomCrop" else (8, 9)
    assert model.output.shape == (None, *size, 3)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    for batch in (X, X[:2]):
        assert np.asarray(model(batch, training=True)).shape == (len(batch), *size, 3)
    assert np.asarray(made(name)(X[0])).shape == (*size, 3)


@pytest.mark.parametrize("name", [*RANDOM, "AugMix"])
def test_sizes_may_be_unknown_when_a_model_is_made(name: str) -> None:
    images = layers.Input((None, None, 3))
    model = models.Model(images, made(name)(images))
    assert model.output.shape == (None, *((4, 5) if name == "RandomCrop" else (None, None)), 3)
    assert np.asarray(model(X, training=True)).shape[0] == len(X)


def changed(name: str, drawn: Any, images: np.ndarray = X, **arguments: Any) -> np.ndarray:
    """What the layer makes of images, for numbers that a test chose."""
    return np.asarray(getattr(layers, name)(**arguments).change_images(images, drawn))


def expect(result: Any, expected: np.ndarray, tolerance: float = 1e-3) -> None:
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=tolerance)


def test_brightness_contrast_and_colours() -> None:
    drawn = {"factor": FACTOR}
    expect(changed("RandomBrightness", drawn, factor=0.3), np.clip(X + FACTOR * 255, 0, 255))
    mean = X.mean((1, 2), keepdims=True)
    expect(changed("RandomContrast", {"factor": 1 + FACTOR}, factor=0.3),
           np.clip((X - mean) * (1 + FACTOR) + mean, 0, 255))
    grey = (X @ GREY)[..., None]
    expect(changed("RandomColorDegeneration", drawn, factor=0.3), np.clip(X + FACTOR * (grey - X), 0, 255), 0.05)
    expect(changed("RandomGrayscale", {"chosen": CHOSEN}), np.where(CHOSEN, grey, X), 0.05)
    expect(changed("RandomInvert", {"chosen": CHOSEN}), np.where(CHOSEN, 255 - X, X))


def test_hue_and_saturation() -> None:
    import colorsys
    share, turn = X / 255, FACTOR.reshape(-1)
    hue, saturation = np.empty_like(X), np.empty_like(X)
    for place in np.ndindex(X.shape[:3]):
        h, s, v = colorsys.rgb_to_hsv(*share[place].tolist())
        hue[place] = np.array(colorsys.hsv_to_rgb((h + turn[place[0]]) % 1, s, v)) * 255
        saturation[place] = np.array(colorsys.hsv_to_rgb(h, min(s * (1 + turn[place[0]]), 1), v))
    expect(changed("RandomHue", {"factor": FACTOR}, factor=0.3), hue, 0.01)
    expect(changed("RandomSaturation", {"factor": 1 + FACTOR}, share, factor=0.3, value_range=(0, 1)), saturation)


def test_bits_and_light() -> None:
    lost = np.array([7, 3, 5, 0], "int32").reshape(4, 1, 1, 1)
    expect(changed("RandomPosterization", {"lost": lost}, factor=4), X.astype("int32") >> lost << lost)
    drawn = {"addition": abs(FACTOR) * 255, "threshold": abs(FACTOR[::-1]) * 512}
    lit = np.clip(X + drawn["addition"], 0, 255)
    expect(changed("Solarization", drawn), np.where(lit < drawn["threshold"], lit, 255 - lit))


def test_sharpness_and_blur() -> None:
    wide = np.pad(X, [(0, 0), (2, 2), (2, 2), (0, 0)])

    def smooth(kernel: np.ndarray) -> np.ndarray:
        rows, columns = kernel.shape
        top, left = 2 - rows // 2, 2 - columns // 2
        return sum(kernel[i, j] * wide[:, top + i:top + i + 8, left + j:left + j + 9]
                   for i in range(rows) for j in range(columns))
    share = 1 - 2 * abs(FACTOR)
    expect(changed("RandomSharpness", {"factor": abs(FACTOR)}, factor=0.3),
           np.clip(X + share * (smooth(SMOOTH) - X), 0, 255))
    line = np.exp(-0.5 * (np.arange(-1, 2) / 0.7) ** 2)
    other = np.exp(-0.5 * (np.arange(-1, 2) / 0.4) ** 2)
    blurred = smooth(np.outer(other / other.sum(), line / line.sum()))
    expect(changed("RandomGaussianBlur", {"chosen": CHOSEN, "sigma": np.array([0.7, 0.4], "float32")}, kernel_size=3),
           np.where(CHOSEN, blurred, X))


def test_contrast_that_fits_the_image() -> None:
    images = np.concatenate([X, np.full_like(X[:1], 7)])
    low, high = images.min((1, 2), keepdims=True), images.max((1, 2), keepdims=True)
    flat = low == high
    expected = np.where(flat, images, (images - low) / np.where(flat, 1, high - low) * 255)
    expect(layers.AutoContrast()(images, training=False), expected, 0.01)
    expect(layers.AutoContrast(value_range=(-1, 1))(images / 127.5 - 1), expected / 127.5 - 1, 0.01)


def equalized(channel: np.ndarray, bins: int) -> np.ndarray:
    level = (channel / 255 * (bins - 1)).astype(int)
    below = np.cumsum(np.bincount(level.ravel(), minlength=bins))
    first = below[below > 0][0]
    return np.round((below - first) * 255 / max(below[-1] - first, 1))[level]


@pytest.mark.parametrize("bins", [256, 7])
def test_equalization(bins: int) -> None:
    images = X.round() + 0.001                              # away from the edges of bins
    expected = np.stack([equalized(images[..., c], bins) for c in range(3)], -1)
    expect(layers.Equalization(bins=bins)(images, training=True), expected)


def clahe(channel: np.ndarray, down: int, across: int, limit: float) -> np.ndarray:
    """The algorithm as loops over pixels."""
    tile_h, tile_w = -(-channel.shape[0] // down), -(-channel.shape[1] // across)
    missing = (tile_h * down - channel.shape[0], tile_w * across - channel.shape[1])
    wide = np.pad(channel, [(0, count) for count in missing], "symmetric")
    tables = np.empty((down, across, 256))
    for i, j in np.ndindex(down, across):
        tile = wide[i * tile_h:(i + 1) * tile_h, j * tile_w:(j + 1) * tile_w].astype(int)
        counts = np.bincount(tile.ravel(), minlength=256).astype(float)
        kept = np.minimum(counts, limit * tile.size / 256) if limit > 0 else counts
        below = np.cumsum(kept + (counts - kept).sum() / 256)
        tables[i, j] = np.clip((below - below[0]) * 255 / ((tile.size - below[0]) or 1), 0, 255)
    result = np.empty(channel.shape)
    for y, x in np.ndindex(channel.shape):
        row, column = (y - tile_h / 2) / tile_h, (x - tile_w / 2) / tile_w
        top, left = int(np.floor(row)), int(np.floor(column))
        total = 0.0
        for i, row_share in ((top, 1 - row + top), (top + 1, row - top)):
            for j, share in ((left, 1 - column + left), (left + 1, column - left)):
                table = tables[np.clip(i, 0, down - 1), np.clip(j, 0, across - 1)]
                total += table[int(channel[y, x])] * row_share * share
        result[y, x] = total
    return result


@pytest.mark.parametrize(("grid", "limit"), [((2, 3), 4.0), ((3, 2), 0.0), ((1, 1), 40.0)])
def test_equalization_by_tiles(grid: tuple[int, int], limit: float) -> None:
    expected = np.stack([np.stack([clahe(image[..., c], *grid, limit) for c in range(3)], -1) for image in X])
    layer = layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=grid, clip_limit=limit)
    expect(layer(X, training=False), expected, 0.01)
    expect(Function(layer)(X), expected, 0.01)


def test_crops_are_parts_of_the_images() -> None:
    layer, places = layers.RandomCrop(4, 5, seed=1), set()
    for _ in range(40):
        result = np.asarray(layer(X))
        found = [(i, j) for i in range(5) for j in range(5) if np.array_equal(result, X[:, i:i + 4, j:j + 5])]
        assert len(found) == 1
        places.update(found)
    assert {i for i, _ in places} == {j for _, j in places} == set(range(5))


def test_crops_at_rest_fit_as_in_older_keras() -> None:
    layer = layers.RandomCrop(4, 5, at_inference="fit")
    np.testing.assert_allclose(layer(X, training=False), layers.Resizing(4, 5, crop_to_aspect_ratio=True)(X), atol=1e-3)
    assert "at_inference" not in layers.RandomCrop(4, 5).get_config()


def test_images_without_room_for_a_crop_are_resized() -> None:
    low = X[:, 2:6]                                         # like Keras, from the middle part on to the edge
    np.testing.assert_allclose(layers.RandomCrop(16, 9)(low), ops.image.resize(low[:, :, 3:], (16, 9)), atol=1e-3)


def test_mixed_images_and_labels() -> None:
    layer, labels = layers.MixUp(alpha=0.8, seed=2), np.eye(4, dtype="int64")
    result = layer({"images": X, "labels": labels})
    shares = np.asarray(result["labels"])
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    expect(result["images"], np.tensordot(shares, X, 1), 0.01)
    assert shares.sum(0).round(4).tolist() != [1.0] * 4 or not np.array_equal(shares, labels)


def test_parts_of_other_images_and_their_labels() -> None:
    layer, labels = layers.CutMix(seed=5), np.eye(4, dtype="float32")
    for _ in range(10):
        result = layer({"images": X, "labels": labels})
        images, shares = np.asarray(result["images"]), np.asarray(result["labels"])
        for i, image in enumerate(images):
            other = int(np.argmax(np.where(np.arange(4) == i, -1, shares[i])))
            foreign = (image != X[i]).any(-1)
            np.testing.assert_array_equal(image[foreign], X[other][foreign])
            rows, columns = np.nonzero(foreign.any(1))[0], np.nonzero(foreign.any(0))[0]
            if len(rows):                                   # a rectangle without holes, of about that area
                assert foreign.sum() == (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
                assert abs(foreign.mean() - shares[i, other]) < 0.25


@pytest.mark.parametrize("fill", [9.0, [1.0, 2.0, 3.0], None])
def test_erased_parts_are_rectangles(fill: Any) -> None:
    layer, erased = layers.RandomErasing(factor=(0.5, 0.5), scale=0.6, fill_value=fill, seed=3), 0
    for _ in range(25):
        for image, before in zip(np.asarray(layer(X)), X):
            gone = (image != before).any(-1)
            if fill is not None:
                np.testing.assert_array_equal(image[gone], np.broadcast_to(np.float32(fill), (gone.sum(), 3)))
            rows, columns = np.nonzero(gone.any(1))[0], np.nonzero(gone.any(0))[0]
            erased += bool(len(rows))
            assert not len(rows) or gone[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].all()
    assert 25 < erased < 65                                 # of 100, half of them empty or not


def test_shares_of_mixed_chains() -> None:
    images = np.full_like(X, 100)                           # what contrast, equalization and moves leave alone
    result = np.asarray(layers.AugMix(factor=0, all_ops=False, seed=1)(images))
    assert result.min() >= 0 and result.max() <= 255
    assert np.ptp(result[0]) < 1e-3


MOVES: list[tuple[str, dict[str, Any]]] = [
    ("RandomFlip", {"mode": "horizontal"}), ("RandomFlip", {"mode": "vertical"}), ("RandomFlip", {}),
    ("RandomCrop", {"height": 30, "width": 33}), ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.3}), ("RandomRotation", {"factor": 0.5}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.3}), ("RandomPerspective", {"scale": 0.3}),
]


@pytest.mark.parametrize(("name", "arguments"), MOVES)
@pytest.mark.parametrize("form", ["xyxy", "rel_center_yxhw"])
def test_boxes_follow_the_pixels(name: str, arguments: dict[str, Any], form: str) -> None:
    fill = {} if name in ("RandomFlip", "RandomCrop", "RandomPerspective") else {"fill_mode": "constant"}
    layer = getattr(layers, name)(**arguments, **fill, bounding_box_format=form, seed=4)
    top, left, bottom, right = 12, 15, 25, 32
    images = np.zeros((6, 40, 44, 1), "float32")
    images[:, top:bottom, left:right] = 1
    box = [left, top, right, bottom] if form == "xyxy" else \
        [(top + bottom) / 80, (left + right) / 88, (bottom - top) / 40, (right - left) / 44]
    for _ in range(4):
        result = layer({"images": images, "segmentation_masks": (images * 3).astype("int32"),
                        "bounding_boxes": {"boxes": np.tile(box, (6, 1, 1)), "labels": np.full((6, 1), 5)}})
        height, width = result["images"].shape[1:3]
        for image, mask, moved in zip(np.asarray(result["images"]), np.asarray(result["segmentation_masks"]),
                                      np.asarray(result["bounding_boxes"]["boxes"])):
            assert set(np.unique(mask)) <= {0, 3}
            rows, columns = np.nonzero(mask.any((1, 2)))[0], np.nonzero(mask.any((0, 2)))[0]
            seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            if form != "xyxy":
                y, x, h, w = moved[0] * [height, width, height, width]
                moved = np.array([[x - w / 2, y - h / 2, x + w / 2, y + h / 2]])
            np.testing.assert_allclose(moved[0], seen, atol=1.3)
        assert np.asarray(result["bounding_boxes"]["labels"]).tolist() == [[5]] * 6


def test_boxes_that_leave_the_image_lose_their_label() -> None:
    layer = layers.RandomTranslation(0.0, (0.5, 0.5), bounding_box_format="xyxy")
    boxes = {"boxes": np.array([[[5.0, 1, 8, 4], [0, 0, 3, 8]]]), "labels": np.array([[1, 2]])}
    result = layer({"images": X[:1], "bounding_boxes": boxes})["bounding_boxes"]
    assert np.asarray(result["labels"]).tolist() == [[-1, 2]]
    np.testing.assert_allclose(np.asarray(result["boxes"])[0, 1], [4.5, 0, 7.5, 8], atol=1e-4)


def test_boxes_are_cut_or_filled_up_to_a_number() -> None:
    boxes = {"boxes": np.arange(24.0).reshape(2, 3, 4), "labels": np.arange(6).reshape(2, 3)}
    for number in (2, 5):
        result = layers.MaxNumBoundingBoxes(number)({"images": X[:2], "bounding_boxes": boxes}, training=False)
        found = np.asarray(result["bounding_boxes"]["boxes"])
        assert found.shape == (2, number, 4)
        np.testing.assert_array_equal(found[:, :3], boxes["boxes"][:, :number])
        assert (found[:, 3:] == -1).all()
        assert np.asarray(result["bounding_boxes"]["labels"]).shape == (2, number)


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(ConfigError, match="bounding_box_format"):
        layers.RandomFlip()({"images": X, "bounding_boxes": {"boxes": np.zeros((4, 1, 4))}})
    with pytest.raises(ConfigError, match="images"):
        layers.RandomFlip()({"pictures": X})
    with pytest.raises(ConfigError, match="factor"):
        layers.RandomContrast(1.5)
    with pytest.raises(ConfigError, match="value_range"):
        layers.AutoContrast(value_range=3)
    with pytest.raises(Unsupported, match="RandomZoom"):
        layers.RandomHeight(0.2)(X, training=True)
    with pytest.raises(Unsupported, match="masks"):
        layers.CutMix(bounding_box_format="xyxy")({"images": X, "bounding_boxes": {"boxes": np.zeros((4, 1, 4))}})


def test_a_model_learns_behind_augmentation() -> None:
    model = models.Sequential([layers.Input((8, 9, 3)), layers.RandomFlip(seed=1), layers.RandomRotation(0.1, seed=1),
                               layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.layers[-1].kernel.assign(np.zeros((8 * 9 * 3, 1), "float32"))        # not where chance of the order put it
    target = X.mean((1, 2, 3))[:, None] / 255
    untrained = model.evaluate(X, target, verbose=0)
    model.fit(X, target, epochs=20, verbose=0)
    assert model.evaluate(X, target, verbose=0) < 0.5 * untrained
