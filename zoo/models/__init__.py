"""Models: graphs of layers with files of their own."""

from zoo.models.explain import explain as explain
from zoo.models.exporting import export_onnx as export_onnx
from zoo.models.functional import Functional as Functional
from zoo.models.load_report import LoadReport as LoadReport
from zoo.models.model import Model as Model
from zoo.models.saving import clone_model as clone_model
from zoo.models.saving import load_model as load_model
from zoo.models.saving import load_weights as load_weights
from zoo.models.saving import model_from_config as model_from_config
from zoo.models.saving import model_from_json as model_from_json
from zoo.models.saving import model_from_yaml as model_from_yaml
from zoo.models.saving import save_model as save_model
from zoo.models.saving import save_weights as save_weights
from zoo.models.sequential import Sequential as Sequential
