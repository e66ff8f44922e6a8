"""Findings as SARIF 2.1.0, which code hosts and editors show.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13 to 3.52.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zoo.safety.rules import RULES, Finding, Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}     # of GitHub's ranking


def sarif(findings: Iterable[Finding], version: str) -> dict[str, Any]:
    """The log of one run.

    Args:
        version: that of the tool.
    """
    findings = list(findings)
    results = [found for found in findings if found.rule != "unreadable"]
    unread = [found for found in findings if found.rule == "unreadable"]
    numbers = {name: index for index, name in enumerate(RULES)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "zoo scan", "version": version, "semanticVersion": version,
                                "rules": [_rule(rule) for rule in RULES.values()]}},
            "invocations": [{"executionSuccessful": not unread,
                             "toolExecutionNotifications": [_notification(found) for found in unread]}],
            "columnKind": "unicodeCodePoints",
            "results": [_result(found, numbers[found.rule]) for found in results],
        }],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["security", *rule.advisories], "security-severity": _SCORES[rule.severity]},
    }


def _result(found: Finding, index: int) -> dict[str, Any]:
    return {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": f"{found.location}: {found.message}" if found.location else found.message},
        "locations": [_location(found)],
        "properties": {"severity": found.severity, "advisories": list(found.advisories)},
    }


def _location(found: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(found.file)}}}
    if found.location:
        place["logicalLocations"] = [{"fullyQualifiedName": found.location}]
    return place


def _notification(found: Finding) -> dict[str, Any]:
    return {"level": "error", "message": {"text": f"{found.file}: {found.message}"}, "locations": [_location(found)]}


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(Path(path).as_posix())
