"""What scripts need around a model."""

from zoo.utils.numerical import normalize as normalize
from zoo.utils.numerical import to_categorical as to_categorical
