"""The table of parameter counts against the networks, and against what Keras counts."""

from __future__ import annotations

import json

import pytest

from tests.corpus import CORPUS, require_corpus
from zoo.applications.registry import APPLICATIONS, Application

QUICK = ("VGG16", "MobileNet", "MobileNetV3Small", "EfficientNetLite0")


@pytest.mark.parametrize("application", [
    pytest.param(application, marks=() if name in QUICK else pytest.mark.slow, id=name)
    for name, application in APPLICATIONS.items()])
def test_the_network_has_as_many(application: Application) -> None:
    assert application.build(weights=None).count_params() == application.parameters


@require_corpus
def test_keras_counts_as_many() -> None:
    paths = {name: CORPUS / "applications" / name / "meta.json" for name in APPLICATIONS}
    told = {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}
    # Behind a Flatten, the count depends on the size of the images, which is another one in the record.
    counts = {name: meta["parameters"] for name, meta in told.items() if meta["pooled_layer"] != "flatten"}
    assert len(counts) >= 36
    assert counts == {name: APPLICATIONS[name].parameters for name in counts}
