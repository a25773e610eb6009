"""Clients as loading would give them, made from a few words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from lineform.model.address import Address, Kind
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, Limits
from lineform.model.origin import Origin, Path
from lineform.model.project import Asset, Client, Layer, Resource
from lineform.model.richmenu import RichMenuSpec

BOT = "U" + "0" * 31 + "1"
OTHER_BOT = "U" + "0" * 31 + "2"


class Nowhere:
    """A source for resources that no file holds."""

    def origin(self, path: Path) -> Origin:
        return Origin("nowhere.yaml", 1, 1)

    def key_origin(self, path: Path) -> Origin:
        return Origin("nowhere.yaml", 1, 1)

    def excerpt(self, origin: Origin) -> str:
        return ""

    def layers(self, path: Path) -> tuple[Layer, ...]:
        return ()


def menu(name: str, *, message: str = "hello", **fields: Any) -> RichMenuSpec:
    """A small menu; `message` is what its one tap area says, so another message is an edit."""
    cells = fields.pop("cells", ({"at": "A1", "span": (3, 2), "message": message, "label": message[:20]},))
    return RichMenuSpec.model_validate({"kind": "richmenu", "name": name, "bar": "menu", "cells": cells, **fields})


def campaign(name: str, **fields: Any) -> CampaignSpec:
    spec = {
        "kind": "campaign",
        "name": name,
        "audience": "everyone",
        "schedule": {"at": "2026-12-01T10:00"},
        "messages": ({"text": "hello"},),
        **fields,
    }
    return CampaignSpec.model_validate(spec)


def client(
    *specs: Spec, name: str = "salon", bot: str = BOT, assets: Mapping[str, Sequence[Asset]] | None = None
) -> Client:
    """A client with these resources; `assets` by resource name."""
    spec = ClientSpec.model_validate(
        {"kind": "client", "name": name, "title": name, "bot": bot, "token": {"env": "SALON_TOKEN"}}
    )
    resources = {}
    for declared in specs:
        address = Address(Kind(declared.kind), declared.name)
        files = {asset.file: asset for asset in (assets or {}).get(declared.name, ())}
        resources[address] = _resource(name, address, declared, files)
    return Client(name, spec, Nowhere(), "Asia/Tokyo", Limits(), None, {}, resources)


def _resource(owner: str, address: Address, spec: Spec, assets: Mapping[str, Asset]) -> Resource:
    text = json.dumps([spec.model_dump(mode="json"), sorted(a.digest for a in assets.values())])
    return Resource(owner, address, spec, Nowhere(), {}, hashlib.sha256(text.encode()).hexdigest(), assets)


def asset(path: FilePath, content: bytes) -> Asset:
    """A file that a resource names, written to the disk."""
    path.write_bytes(content)
    return Asset(path.name, path, hashlib.sha256(content).hexdigest(), len(content))
