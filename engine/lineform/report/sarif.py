"""Problems as SARIF 2.1.0, which code scanning tools read: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from lineform import __version__
from lineform.model.codes import CODES
from lineform.model.origin import Origin
from lineform.model.problem import Problem

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def problems_sarif(problems: Iterable[Problem], *, folder: str = "") -> str:
    """One run with all problems; `folder` is the workspace's place in the repository."""
    found = list(problems)
    rules = {**CODES, **{problem.code: problem.message for problem in found if problem.code not in CODES}}
    places = {code: index for index, code in enumerate(rules)}
    seen: Counter[str] = Counter()
    value = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "lineform",
                        "version": __version__,
                        "rules": [{"id": code, "shortDescription": {"text": text}} for code, text in rules.items()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, places[problem.code], folder, seen) for problem in found],
            }
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _result(problem: Problem, rule: int, folder: str, seen: Counter[str]) -> dict[str, Any]:
    subject = f"{problem.address}: " if problem.address else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity.value,
        "message": {"text": f"{subject}{problem.message}{hint}"},
        "partialFingerprints": {"lineform/v1": _fingerprint(problem, seen)},
    }
    if problem.origin.file:
        result["locations"] = [_location(problem.origin, folder)]
    if problem.written_by:
        result["relatedLocations"] = [_location(origin, folder) for origin in problem.written_by]
    return result


def _location(origin: Origin, folder: str) -> dict[str, Any]:
    file = f"{folder}/{origin.file}" if folder else origin.file
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(file), "uriBaseId": "%SRCROOT%"}}
    if origin.line:
        place["region"] = {"startLine": origin.line, **({"startColumn": origin.column} if origin.column else {})}
    return {"physicalLocation": place}


def _fingerprint(problem: Problem, seen: Counter[str]) -> str:
    """The same for the same problem when lines above it come and go; the n-th of equal ones is told apart by n."""
    parts = (problem.code, problem.origin.file, problem.address, problem.client, problem.message)
    base = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
    seen[base] += 1
    return f"{base}:{seen[base]}"
