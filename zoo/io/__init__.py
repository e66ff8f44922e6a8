"""Model files as plain data: read, recognise, write, without building a layer or running anything from a file."""

from zoo.io.document import CallRecord as CallRecord
from zoo.io.document import Finding as Finding
from zoo.io.document import LayerRecord as LayerRecord
from zoo.io.document import ModelDocument as ModelDocument
from zoo.io.document import ModelRecord as ModelRecord
from zoo.io.document import OptimizerRecord as OptimizerRecord
from zoo.io.document import Producer as Producer
from zoo.io.document import TensorRef as TensorRef
from zoo.io.document import TrainingRecord as TrainingRecord
from zoo.io.document import WeightGroup as WeightGroup
from zoo.io.document import WeightSpec as WeightSpec
from zoo.io.document import WeightTree as WeightTree
from zoo.io.limits import Limits as Limits
from zoo.io.read import read as read
from zoo.io.sniff import Sniffed as Sniffed
from zoo.io.sniff import sniff as sniff
from zoo.io.tensors import TensorRecord as TensorRecord
from zoo.io.text import architecture_text as architecture_text
from zoo.io.text import architecture_yaml_text as architecture_yaml_text
from zoo.io.text import read_architecture_text as read_architecture_text
from zoo.io.text import read_architecture_yaml_text as read_architecture_yaml_text
from zoo.io.write import write as write
