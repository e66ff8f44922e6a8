"""Data for models, in the words of Keras 1 and 2: `image`, `sequence`, `text`."""

from zoo.preprocessing import image as image
from zoo.preprocessing import sequence as sequence
from zoo.preprocessing import text as text
from zoo.utils.file_datasets import image_dataset_from_directory as image_dataset_from_directory
from zoo.utils.file_datasets import text_dataset_from_directory as text_dataset_from_directory
from zoo.utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array
