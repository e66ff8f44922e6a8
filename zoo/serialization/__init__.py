"""Objects <-> ``{"class_name", "config"}``: closed registries, configs from signatures."""

from zoo.serialization.config import config_of as config_of
from zoo.serialization.config import init_parameters as init_parameters
from zoo.serialization.config import to_plain as to_plain
from zoo.serialization.config import to_record as to_record
from zoo.serialization.registry import CustomObjectScope as CustomObjectScope
from zoo.serialization.registry import custom_object as custom_object
from zoo.serialization.registry import custom_object_scope as custom_object_scope
from zoo.serialization.registry import get_custom_objects as get_custom_objects
from zoo.serialization.registry import get_registered_object as get_registered_object
from zoo.serialization.registry import lookup as lookup
from zoo.serialization.registry import register_keras_serializable as register_keras_serializable
from zoo.serialization.registry import registered_name as registered_name
from zoo.serialization.registry import resolve as resolve
