"""docs/safety.md is true of the tables."""

from __future__ import annotations

import pathlib
import re

import pytest

import zoo
from zoo.io.limits import Limits
from zoo.safety import RULES

DOCUMENT = pathlib.Path(zoo.__file__).parents[1] / "docs" / "safety.md"


@pytest.mark.skipif(not DOCUMENT.exists(), reason="not a source checkout")
def test_rules_and_limits() -> None:
    text = DOCUMENT.read_text()
    listed = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \|", text, re.MULTILINE))
    assert listed == {rule.id: rule.severity for rule in RULES.values()}
    for rule in RULES.values():
        assert f"{rule.title} | {', '.join(rule.advisories)} |" in text
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", text[text.index("## Budgets"):text.index("## Rules")]))
    assert {"layers", "calls", "unbacked_bytes"} <= named & set(Limits.__dataclass_fields__)
