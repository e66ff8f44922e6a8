"""SARIF: what its readers insist on."""

from __future__ import annotations

import json

from zoo.safety import RULES, sarif
from zoo.safety.rules import finding


def test_the_essentials() -> None:
    found = [finding("lambda-code", "folder/ä b.keras", "config.json/model/l", "code"),
             finding("appended-data", "/abs/m.h5", "", "7 bytes"),
             finding("unreadable", "broken.h5", "", "damaged")]
    log = json.loads(json.dumps(sarif(found, "1.2.3")))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    run = log["runs"][0]
    driver = run["tool"]["driver"]
    assert driver["name"] == "zoo scan" and driver["version"] == "1.2.3"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert {rule["defaultConfiguration"]["level"] for rule in driver["rules"]} <= {"error", "warning", "note"}
    assert len(run["results"]) == 2
    for result, item in zip(run["results"], found):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == item.rule
        assert item.message in result["message"]["text"]
    places = [result["locations"][0] for result in run["results"]]
    assert places[0]["physicalLocation"]["artifactLocation"]["uri"] == "folder/%C3%A4%20b.keras"
    assert places[0]["logicalLocations"][0]["fullyQualifiedName"] == "config.json/model/l"
    assert places[1]["physicalLocation"]["artifactLocation"]["uri"] == "file:///abs/m.h5"
    assert "logicalLocations" not in places[1]
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "broken.h5: damaged" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_nothing_found() -> None:
    run = sarif([], "1")["runs"][0]
    assert run["results"] == [] and run["invocations"][0]["executionSuccessful"] is True
