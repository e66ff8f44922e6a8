"""Functions of images, as in `keras.ops.image`."""

from zoo.ops.image.color import (
    hsv_to_rgb as hsv_to_rgb,
    rgb_to_grayscale as rgb_to_grayscale,
    rgb_to_hsv as rgb_to_hsv,
)
from zoo.ops.image.filters import (
    gaussian_blur as gaussian_blur,
    sobel_edges as sobel_edges,
    ssim as ssim,
)
from zoo.ops.image.patches import (
    extract_patches as extract_patches,
    extract_patches_3d as extract_patches_3d,
    reconstruct_patches as reconstruct_patches,
)
from zoo.ops.image.resizing import (
    crop_images as crop_images,
    pad_images as pad_images,
    resize as resize,
    scale_and_translate as scale_and_translate,
)
from zoo.ops.image.warping import (
    affine_transform as affine_transform,
    elastic_transform as elastic_transform,
    map_coordinates as map_coordinates,
    perspective_transform as perspective_transform,
)
