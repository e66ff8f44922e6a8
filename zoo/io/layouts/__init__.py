"""Where files keep a model's weights: from their groups and orders to one canonical addressing, and back.

`roles` says which weights a layer class owns, `owners` finds all owners of a model, `order` and `names` know the
layout by layer, `paths` the one by object path. `arrangement` knows how the arrays themselves differ between dialects
and backends, `pieces` says which array of a file is which part of a weight.
"""

from zoo.io.layouts.assets import bind_assets as bind_assets
from zoo.io.layouts.assets import encode_assets as encode_assets
from zoo.io.layouts.bind import bind_weights as bind_weights
from zoo.io.layouts.bound import BindingReport as BindingReport
from zoo.io.layouts.bound import BoundWeights as BoundWeights
from zoo.io.layouts.bound import Key as Key
from zoo.io.layouts.bound import StoredArray as StoredArray
from zoo.io.layouts.encode import encode_weights as encode_weights
from zoo.io.layouts.optimizer import Trained as Trained
from zoo.io.layouts.optimizer import trained_weights as trained_weights
from zoo.io.layouts.owners import owners_of as owners_of
from zoo.io.layouts.roles import is_adapter as is_adapter
from zoo.io.layouts.untold import complete as complete
