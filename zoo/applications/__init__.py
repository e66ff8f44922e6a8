"""Architectures with published weights, under Keras's names.

Example:
    >>> from zoo.applications import VGG16
    >>> model = VGG16(weights=None, include_top=False, pooling="avg")
"""

from zoo.applications import efficientnet_lite as efficientnet_lite
from zoo.applications import imagenet_utils as imagenet_utils
from zoo.applications import mobilenet as mobilenet
from zoo.applications import vgg16 as vgg16
from zoo.applications import vgg19 as vgg19
from zoo.applications.efficientnet_lite import EfficientNetLite0 as EfficientNetLite0
from zoo.applications.mobilenet import MobileNet as MobileNet
from zoo.applications.registry import get_application as get_application
from zoo.applications.registry import get_model as get_model
from zoo.applications.registry import list_models as list_models
from zoo.applications.vgg import VGG16 as VGG16
from zoo.applications.vgg import VGG19 as VGG19
