"""Images: files and arrays, random changes, batches. The names of `keras.preprocessing.image`."""

from zoo.preprocessing.image.affine import apply_affine_transform as apply_affine_transform
from zoo.preprocessing.image.changes import apply_brightness_shift as apply_brightness_shift
from zoo.preprocessing.image.changes import apply_channel_shift as apply_channel_shift
from zoo.preprocessing.image.changes import random_brightness as random_brightness
from zoo.preprocessing.image.changes import random_channel_shift as random_channel_shift
from zoo.preprocessing.image.changes import random_rotation as random_rotation
from zoo.preprocessing.image.changes import random_shear as random_shear
from zoo.preprocessing.image.changes import random_shift as random_shift
from zoo.preprocessing.image.changes import random_zoom as random_zoom
from zoo.preprocessing.image.generator import ImageDataGenerator as ImageDataGenerator
from zoo.preprocessing.image.iterators import DataFrameIterator as DataFrameIterator
from zoo.preprocessing.image.iterators import DirectoryIterator as DirectoryIterator
from zoo.preprocessing.image.iterators import Iterator as Iterator
from zoo.preprocessing.image.iterators import NumpyArrayIterator as NumpyArrayIterator
from zoo.utils.image_files import array_to_img as array_to_img
from zoo.utils.image_files import img_to_array as img_to_array
from zoo.utils.image_files import load_img as load_img
from zoo.utils.image_files import save_img as save_img
from zoo.utils.image_files import smart_resize as smart_resize
