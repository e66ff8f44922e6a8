"""Several random changes, chosen at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.boxes import Boxes
from zoo.layers.preprocessing.image.color import FULL, RandomBrightness, RandomColorDegeneration, RandomContrast
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, seeded
from zoo.layers.preprocessing.image.smoothing import RandomSharpness
from zoo.layers.preprocessing.image.tones import AutoContrast, Equalization, RandomPosterization, Solarization
from zoo.layers.preprocessing.image.warps import INTERPOLATIONS, RandomRotation, RandomShear, RandomTranslation


class RandomPolicy(ImageLayer):
    """Base of layers that apply some of many changes.

    Args:
        value_range: the smallest and the largest value of pixels.
        factor: how strong the changes are: a number f for 0 to f, or two numbers; from 0 to 1.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    needs_size = True

    def __init__(self, value_range: Any, factor: Any, interpolation: str, seed: int | None, data_format: str | None,
                 **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range(value_range)
        self.factor = factors.symmetric(factor, "factor", 0, 1)
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")
        self.seed, self.generator = seeded(seed)

    def _changes(self, with_light: bool) -> list[ImageLayer]:
        """The layers to choose from; those that change light, colours and sharpness only if asked for."""
        same: dict[str, Any] = {"seed": self.seed, "dtype": self.dtype_policy}
        moved = {**same, "interpolation": self.interpolation}
        ranged: dict[str, Any] = {"value_range": self.value_range, "dtype": self.dtype_policy}
        both, factor = {**same, **ranged}, self.factor
        bits = max(1, int(8 * factor[1]))
        light = [RandomBrightness(factor, **both), RandomColorDegeneration(factor, **both),
                 RandomContrast(factor, **both), RandomSharpness(factor, **both)] if with_light else []
        return [RandomShear(factor, factor, **moved), RandomTranslation(factor, factor, **moved),
                RandomRotation(factor, **moved), *light, RandomPosterization(bits, **both),
                Solarization(factor, factor, **both), AutoContrast(**ranged), Equalization(**ranged)]


class RandAugment(RandomPolicy):
    """Changes images by a few of eleven layers, the same for all images of a batch.

    Args:
        value_range: the smallest and the largest value of pixels.
        num_ops: how many changes, one after another.
        factor: how strong they are: a number f for 0 to f, or two numbers; from 0 to 1.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.

    Source: Cubuk et al. 2019, https://arxiv.org/abs/1909.13719.
    """

    def __init__(self, value_range: Any = FULL, num_ops: int = 2, factor: Any = 0.5, interpolation: str = "bilinear",
                 seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_ops = arguments.integer(num_ops, "num_ops")
        self._layers_to_choose = self._changes(with_light=True)

    def draw(self, images: Any, seed: Any) -> Drawn:
        count = len(self._layers_to_choose)
        return {"numbers": [ops.random.randint((), 0, count, seed=seed) for _ in range(self.num_ops)],
                "parts": [layer.draw(images, seed) for layer in self._layers_to_choose]}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return self._each("change_images", images, drawn)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._each("change_masks", masks, drawn)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        return self._each("change_boxes", found, drawn)

    def _each(self, method: str, value: Any, drawn: Drawn) -> Any:
        for number in drawn["numbers"]:
            results = [getattr(layer, method)(value, part)
                       for layer, part in zip(self._layers_to_choose, drawn["parts"])]
            value = _chosen(number, results, value)
        return value


def _chosen(number: Any, results: Sequence[Any], before: Any) -> Any:
    if isinstance(before, Boxes):
        return Boxes(*(None if part is None else _chosen(number, [getattr(r, name) for r in results], part)
                       for name, part in (("corners", before.corners), ("labels", before.labels))))
    value = before
    for i, result in enumerate(results):
        if result is not before:
            value = ops.where(ops.equal(number, i), result, value)
    return value


class AugMix(RandomPolicy):
    """Mixes images with several changed ones, each the result of a chain of changes.

    Which layers make up the chains is chosen when the layer is traced, or at each call outside of compiled functions;
    all else is drawn at each step.

    Args:
        value_range: the smallest and the largest value of pixels.
        num_chains: number of changed images.
        chain_depth: number of changes in a chain; any of them may be none.
        factor: how strong they are: a number f for 0 to f, or two numbers; from 0 to 1.
        alpha: of the distributions of the shares.
        all_ops: whether light, colours and sharpness change too.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.

    Source: Hendrycks et al. 2019, https://arxiv.org/abs/1912.02781.
    """

    def __init__(self, value_range: Any = FULL, num_chains: int = 3, chain_depth: int = 3, factor: Any = 0.3,
                 alpha: float = 1.0, all_ops: bool = True, interpolation: str = "bilinear", seed: int | None = None,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_chains = arguments.integer(num_chains, "num_chains")
        self.chain_depth = arguments.integer(chain_depth, "chain_depth")
        self.alpha = arguments.number(alpha, "alpha", 0)
        self.all_ops = bool(all_ops)
        self._layers_to_choose = self._changes(with_light=self.all_ops)
        self._chooser = random.Random(int(self.generator.state.numpy()[0]))

    def draw(self, images: Any, seed: Any) -> Drawn:
        shares = ops.random.gamma((self.num_chains,), self.alpha, dtype="float32", seed=seed)
        chains = [[(layer, layer.draw(images, seed)) for layer in self._chain()] for _ in range(self.num_chains)]
        return {"shares": ops.unstack(ops.divide(shares, ops.sum(shares)), self.num_chains), "chains": chains,
                "own": ops.random.beta((), self.alpha, self.alpha, dtype="float32", seed=seed)}

    def _chain(self) -> Iterator[ImageLayer]:
        choices = (self._chooser.choice([*self._layers_to_choose, None]) for _ in range(self.chain_depth))
        return (layer for layer in choices if layer is not None)

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.clip(self._mixed("change_images", images, drawn), *self.value_range)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._mixed("change_masks", ops.cast(masks, self.arithmetic_dtype), drawn)

    def _mixed(self, method: str, value: Any, drawn: Drawn) -> Any:
        total: Any = ops.zeros_like(value)
        for share, chain in zip(drawn["shares"], drawn["chains"]):
            changed = value
            for layer, part in chain:
                changed = getattr(layer, method)(changed, part)
            total = ops.add(total, ops.multiply(changed, ops.cast(share, value.dtype)))
        own = ops.cast(drawn["own"], value.dtype)
        return ops.add(ops.multiply(value, own), ops.multiply(total, ops.subtract(1, own)))
