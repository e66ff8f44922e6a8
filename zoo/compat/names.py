"""Keras's modules, of all releases, and where zoo has what is in them: a closed table."""

from __future__ import annotations

from dataclasses import dataclass, field

VERSION = "3.16.0"                                          # of the Keras whose names zoo follows

#: What Keras is called in scripts.
ROOTS = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
#: Packages that hold a root and nothing else.
HOLDERS = ("tensorflow", "tensorflow.python")


@dataclass(frozen=True)
class Module:
    """A module of Keras.

    Args:
        sources: modules of zoo whose public names it has, the first one that has a name wins.
        names: other names, as ``{"name": "module:name"}``.
    """

    sources: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


def _from(module: str, names: str) -> dict[str, str]:
    """``{"old": "module:new"}`` from ``"old=new same"``."""
    pairs = (word.partition("=") for word in names.split())
    return {old: f"{module}:{new or old}" for old, _, new in pairs}


_LAYERS = Module(("zoo.layers",), _from("zoo.layers", "AtrousConv1D=AtrousConvolution1D Deconv2D=Deconvolution2D "
                 "AtrousConv2D=AtrousConvolution2D Deconvolution3D=Conv3DTranspose Deconv3D=Conv3DTranspose"))
_SHORT = _from("zoo.losses", "mse=mean_squared_error MSE=mean_squared_error mae=mean_absolute_error "
               "MAE=mean_absolute_error mape=mean_absolute_percentage_error MAPE=mean_absolute_percentage_error "
               "msle=mean_squared_logarithmic_error MSLE=mean_squared_logarithmic_error kld=kl_divergence "
               "KLD=kl_divergence kullback_leibler_divergence=kl_divergence logcosh=log_cosh "
               "cosine=cosine_similarity cosine_proximity=cosine_similarity")
_INITIALIZERS = _from("zoo.initializers", "normal=RandomNormal uniform=RandomUniform one=Ones zero=Zeros")
_OBJECTS = _from("zoo.serialization", "custom_object_scope CustomObjectScope=custom_object_scope "
                                      "register_keras_serializable")
_UTILS = Module(("zoo.utils",), _OBJECTS | _from("zoo.engine.rng", "set_random_seed")
                | _from("zoo.training.data", "PyDataset Sequence") | _from("zoo.callbacks.progress", "Progbar")
                | _from("zoo.engine.dtypes", "standardize_dtype=standardize")
                | _from("zoo.backend", "clear_session is_keras_tensor"))
_LEGACY = Module(("zoo.utils.legacy",))
_RECORDS = _from("zoo.utils", "serialize_keras_object deserialize_keras_object get_registered_name")
_REGULARIZERS = _from("zoo.regularizers", "l1l2=L1L2 activity_l1=L1 activity_l2=L2 activity_l1l2=L1L2 "
                                          "WeightRegularizer=L1L2 ActivityRegularizer=L1L2")
_MODELS = Module(("zoo.models",))
_ENGINE = Module(("zoo.layers", "zoo.models"), _from("zoo.layers", "Layer Input InputLayer InputSpec merge"))
_LOGGING = _from("zoo.utils", "enable_interactive_logging disable_interactive_logging "
                              "is_interactive_logging_enabled")

_POLICIES = _from("zoo.dtype_policies", "DTypePolicy FloatDTypePolicy QuantizedDTypePolicy Int4DTypePolicy "
                                        "QuantizedFloat8DTypePolicy get serialize deserialize")
_MIXED_PRECISION = _from("zoo.optimizers", "LossScaleOptimizer") | _from("zoo.dtype_policies", "DTypePolicy Policy "
                         "dtype_policy set_dtype_policy global_policy set_global_policy set_policy=set_global_policy")

#: Modules by their path inside Keras.
MODULES: dict[str, Module] = {
    "": Module(("zoo",), _from("zoo.models", "Model Sequential") | _from("zoo.layers", "Input InputSpec Layer")
               | _from("zoo.engine.symbolic", "KerasTensor") | _from("zoo.engine.variable", "Variable")
               | _from("zoo.dtype_policies", "DTypePolicy FloatDTypePolicy")),
    "activations": Module(("zoo.activations",)),
    "applications": Module(("zoo.applications",)),
    "applications.imagenet_utils": Module(("zoo.applications.imagenet_utils",)),
    "applications.mobilenet": Module(("zoo.applications.mobilenet",)),
    "applications.vgg16": Module(("zoo.applications.vgg16",)),
    "applications.vgg19": Module(("zoo.applications.vgg19",)),
    "backend": Module(("zoo.backend",), _from("zoo.engine.dtypes", "standardize_dtype=standardize result_type "
                                                                   "is_float_dtype=is_float is_int_dtype=is_int")),
    "backend.tensorflow_backend": Module(("zoo.backend",)), "backend.common": Module(("zoo.backend",)),
    "callbacks": Module(("zoo.callbacks",)),
    "config": Module((), _from("zoo.backend", "backend floatx set_floatx epsilon set_epsilon image_data_format "
                                              "set_image_data_format") | _LOGGING
                     | _from("zoo.dtype_policies", "dtype_policy set_dtype_policy")
                     | _from("zoo.utils.limits", "max_epochs set_max_epochs max_steps_per_epoch "
                                                 "set_max_steps_per_epoch")),
    "constraints": Module(("zoo.constraints",), _from("zoo.constraints", "maxnorm=MaxNorm nonneg=NonNeg "
                                                                         "unitnorm=UnitNorm")),
    "datasets": Module(("zoo.datasets",)),
    **{f"datasets.{name}": Module((f"zoo.datasets.{name}",)) for name in
       "boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters".split()},
    "engine": _ENGINE, "engine.topology": _ENGINE, "engine.training": _ENGINE, "engine.base_layer": _ENGINE,
    "engine.input_layer": _ENGINE, "engine.sequential": _ENGINE, "engine.network": _ENGINE,
    "initializations": Module(("zoo.initializers",), _INITIALIZERS),
    "initializers": Module(("zoo.initializers",), _INITIALIZERS),
    "layers": _LAYERS,
    **{f"layers.{part}": _LAYERS for part in
       "advanced_activations convolutional convolutional_recurrent core cudnn_recurrent embeddings local merge noise "
       "normalization pooling recurrent wrappers experimental experimental.preprocessing".split()},
    "legacy": Module(), "legacy.layers": _LAYERS,
    "losses": Module(("zoo.losses",), _SHORT),
    "metrics": Module(("zoo.metrics",), _SHORT | _from("zoo.metrics", "CosineProximity=CosineSimilarity")),
    "models": _MODELS,
    "objectives": Module(("zoo.losses",), _SHORT),
    "dtype_policies": Module((), _POLICIES), "mixed_precision": Module((), _MIXED_PRECISION),
    "mixed_precision.experimental": Module((), _MIXED_PRECISION),
    "ops": Module(("zoo.ops",)), "ops.image": Module(("zoo.ops.image",)),
    "ops.linalg": Module(("zoo.ops.linalg", "zoo.ops")),
    "ops.nn": Module(("zoo.ops.nn", "zoo.ops")), "ops.numpy": Module(("zoo.ops.numpy_like", "zoo.ops")),
    "optimizers": Module(("zoo.optimizers",), _from("zoo.optimizers", "sgd=SGD rmsprop=RMSprop adagrad=Adagrad "
                                                    "adadelta=Adadelta adam=Adam adamax=Adamax nadam=Nadam")),
    "optimizers.legacy": Module(("zoo.optimizers.legacy",)),
    "optimizers.schedules": Module(("zoo.optimizers.schedules",)),
    "preprocessing": Module(("zoo.preprocessing",)),
    "preprocessing.image": Module(("zoo.preprocessing.image", "zoo.utils", "zoo.applications.images")),
    "preprocessing.sequence": Module(("zoo.preprocessing.sequence", "zoo.utils")),
    "preprocessing.text": Module(("zoo.preprocessing.text",)),
    "quantizers": Module(("zoo.quantizers",)), "random": Module(("zoo.random",)),
    "regularizers": Module(("zoo.regularizers",), _REGULARIZERS),
    "saving": Module(("zoo.models", "zoo.serialization"), _OBJECTS | _RECORDS),
    "legacy.saving": _LEGACY, "tree": Module(("zoo.utils.nests",)),
    "utils": _UTILS, "utils.legacy": _LEGACY, "utils.bounding_boxes": Module(("zoo.utils.bounding_boxes",)),
    "utils.generic_utils": Module(("zoo.utils.legacy", *_UTILS.sources), _UTILS.names),
    "utils.np_utils": _UTILS, "utils.data_utils": _UTILS,
    "utils.layer_utils": _UTILS, "utils.io_utils": _UTILS, "utils.vis_utils": _UTILS, "utils.visualize_util": _UTILS,
}

#: Modules that zoo does not have, and what to do.
REFUSED: dict[str, str] = {
    "wrappers": "wrap the model in a class with fit and predict",
    "export": "TensorFlow's SavedModel is not written: use model.save('model.keras')",
    "distribution": "models run on one machine",
    "distillation": "write the loss of both models in a custom loss",
    "visualization": "use matplotlib or pillow on the arrays",
}
