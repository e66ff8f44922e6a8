"""Photos to model inputs: resize, crop, normalise. Needs Pillow, which nothing else of the applications does.

All applications take a centre crop. The shorter side of the photo is resized to 256/224 of the model's size, the longer
one in proportion, and the middle is cut out: the protocol under which published accuracies are measured. (Keras's
``image.load_img(target_size=...)`` distorts a photo into a square instead, so its scores differ a little.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from zoo.applications.preprocess import preprocess_input
from zoo.applications.registry import get_application


@dataclass(frozen=True)
class ImagePreprocess:
    """How a photo becomes the input of a model.

    Args:
        size: (rows, columns) of the input.
        crop: the part of the resized photo that the crop keeps, along the side that limits it.
        interpolation: a filter of Pillow: ``nearest``, ``bilinear``, ``bicubic``, ``lanczos``, ...
        mode: how pixels are normalised, a name in `zoo.applications.preprocess.MODES`; None leaves them from 0 to 255.
    """

    size: tuple[int, int]
    crop: float
    interpolation: str
    mode: str | None

    def apply(self, image: Image.Image) -> np.ndarray:
        """The photo as a model's input.

        Args:
            image: of any size and mode; it becomes RGB, transparency is dropped.

        Returns:
            float32, (rows, columns, 3), red first unless the mode says otherwise.
        """
        rows, columns = self.size
        image = image if image.mode == "RGB" else image.convert("RGB")
        scale = max(columns / image.width, rows / image.height) / self.crop
        resized = image.resize((round(image.width * scale), round(image.height * scale)),
                               Image.Resampling[self.interpolation.upper()])
        left, top = (resized.width - columns) // 2, (resized.height - rows) // 2
        middle = resized.crop((left, top, left + columns, top + rows))
        pixels = np.asarray(middle, np.float32)
        return pixels if self.mode is None else preprocess_input(pixels, "channels_last", self.mode)


def preprocessing_of(model_name: str, size: tuple[int, int] | None = None) -> ImagePreprocess:
    """How photos become inputs of an application.

    Args:
        model_name: as in `zoo.applications.list_models`.
        size: (rows, columns) of the model's input; the application's usual ones if None.

    Raises:
        ConfigError: there is no such application.
    """
    application = get_application(model_name)
    return ImagePreprocess(size or (application.size, application.size), application.crop, application.interpolation,
                           application.mode)
