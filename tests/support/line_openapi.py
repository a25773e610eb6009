"""LINE's official OpenAPI files (Apache-2.0, github.com/line/line-openapi), where they lie beside the checkout.

``LINEFORM_OPENAPI`` names their folder; without it, ``../shared/openapi`` beside the checkout is looked at.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import yaml

_CHECKOUT = Path(__file__).parents[2]


@functools.cache
def folder() -> Path | None:
    """The folder with ``messaging-api.yml`` and its siblings, or None where there is none. It is looked for once: tests
    take the variables of the environment away, and go into folders of their own."""
    named = os.environ.get("LINEFORM_OPENAPI")
    found = Path(named) if named else _CHECKOUT.parent / "shared" / "openapi"
    if (found / "messaging-api.yml").is_file():
        return found.resolve()
    if named:
        raise FileNotFoundError(f"LINEFORM_OPENAPI is {named}, which holds no messaging-api.yml")
    return None


def _present() -> Path:
    found = folder()
    if found is None:
        raise FileNotFoundError("LINE's OpenAPI is not beside the checkout; set LINEFORM_OPENAPI to its folder")
    return found


@functools.cache
def spec(name: str) -> dict[str, Any]:
    """One file, such as ``messaging-api``."""
    place = _present()
    loaded: dict[str, Any] = yaml.load((place / f"{name}.yml").read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


@functools.cache
def schemas() -> dict[str, Any]:
    """The named schemas of the Messaging API."""
    found: dict[str, Any] = spec("messaging-api")["components"]["schemas"]
    return found


def endpoints() -> set[str]:
    """Every endpoint of every file that LINE serves: ``POST /v2/bot/message/push``."""
    place = _present()
    return {
        f"{method.upper()} {path}"
        for file in place.glob("*.yml")
        if file.stem != "webhook"
        for path, methods in spec(file.stem)["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "delete")
    }


def flattened(name: str) -> dict[str, Any]:
    """A schema with everything that it inherits: ``properties`` and ``required``."""
    return _flatten(schemas()[name])


def _flatten(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return flattened(schema["$ref"].rpartition("/")[2])
    properties = dict(schema.get("properties", {}))
    required = set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        inherited = _flatten(part)
        properties = {**inherited["properties"], **properties}
        required |= inherited["required"]
    return {"properties": properties, "required": required}
