"""Settings: typed, checked when assigned, taken from the environment."""

import pytest

from zoo.config import KERNEL_FAMILIES, Config
from zoo.errors import ConfigError


def test_defaults():
    config = Config({})
    assert (config.floatx, config.image_data_format, config.threads) == ("float32", "channels_last", None)
    assert config.epsilon == 1e-7 and config.kernels == KERNEL_FAMILIES


def test_the_environment():
    config = Config({"ZOO_NUM_THREADS": "3", "ZOO_KERNELS": "blas, jit"})
    assert config.threads == 3 and config.kernels == ("reference", "blas", "jit")
    assert Config({"ZOO_NUM_THREADS": "", "ZOO_KERNELS": ""}).threads is None


@pytest.mark.parametrize("environment, message", [
    ({"ZOO_NUM_THREADS": "many"}, "ZOO_NUM_THREADS"), ({"ZOO_NUM_THREADS": "0"}, "positive integer"),
    ({"ZOO_KERNELS": "blas,mkl"}, "unknown 'mkl'.*ZOO_KERNELS"),
])
def test_a_wrong_environment_is_named(environment, message):
    with pytest.raises(ConfigError, match=message):
        Config(environment)


@pytest.mark.parametrize("name, value", [
    ("floatx", "float31"), ("epsilon", 0), ("epsilon", "small"), ("image_data_format", "channels_middle"),
    ("threads", 0), ("threads", True), ("threads", 1.5), ("kernels", ["gpu"]),
])
def test_senseless_values_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        setattr(Config({}), name, value)


def test_unknown_settings_are_refused():
    with pytest.raises(ConfigError, match="no setting 'thread'.*threads"):
        Config({}).thread = 3


def test_settings_for_a_while():
    config = Config({})
    with pytest.raises(KeyError), config.using(threads=2, floatx="float64", kernels="reference"):
        assert (config.threads, config.floatx, config.kernels) == (2, "float64", ("reference",))
        raise KeyError
    assert (config.threads, config.floatx, config.kernels) == (None, "float32", KERNEL_FAMILIES)


def test_nothing_is_set_if_one_is_wrong():
    config = Config({})
    with pytest.raises(ConfigError), config.using(threads=2, floatx="float31"):
        pass
    assert config.threads is None
