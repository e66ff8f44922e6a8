"""Documents with their images in the other data format."""

from zoo.io.edits.data_format.convert import FORMATS as FORMATS
from zoo.io.edits.data_format.convert import Reformatted as Reformatted
from zoo.io.edits.data_format.convert import with_data_format as with_data_format
