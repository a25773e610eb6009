"""A fault is told once: what follows from it is not, and what stands beside it is checked all the same."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from lineform.loading.mending import mended
from lineform.loading.validation import validate
from lineform.model.address import Kind
from lineform.model.catalogue import SPECS
from support.workspaces import ATTRIBUTES, CAMPAIGN, CLIENT, PROJECT, SMALL, only, problems, short, write

GOOD: dict[str, dict[str, Any]] = {
    "project": {"defaults": {"timezone": "Asia/Tokyo", "limits": {"per_friend": {"week": 2}}}},
    "segment": {"where": {"all": [{"tag": "x"}, {"not": {"any": [{"attribute": "tier", "is": "gold"}]}}]}},
    "campaign": {
        "audience": {"where": {"event": "purchase", "where": {"amount": {"at_least": 3}}}, "exclude": [{"tag": "x"}]},
        "schedule": {"cron": "0 9 * * *", "if_late": {"within": "1h"}, "except_on": ["2026-12-01"]},
        "messages": [{"text": "a"}],
        "rollout": [{"percent": 10, "wait": "1h"}, {"percent": 100}],
    },
    "richmenu": {"bar": "x", "grid": [3, 2], "cells": [{"at": "A1", "span": [1, 1], "uri": "https://example.com"}]},
    "client": {"title": "x", "bot": "U" + "0" * 32, "token": {"env": "T"}, "overrides": {"campaign.x": {"a": 1}}},
    "attributes": {"attributes": {"tier": {"type": "enum", "values": ["gold"]}}, "tags": {"x": {}}},
    "test": {"campaign": "x", "now": "2026-12-01T10:00", "friends": [{"name": "hana", "tags": ["x"]}]},
}
WRONG: tuple[Any, ...] = (None, 3, True, "", "no such word", [], {}, [{}], {"a": 1}, [[1]], [None] * 30)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [place for key, child in children for place in places(child, (*path, key))]
    return [path, *below] if path else below


def put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    out = copy.deepcopy(tree)
    inner = out
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return out


@pytest.mark.parametrize("kind", GOOD)
def test_whatever_is_wrong_in_one_place_the_rest_is_left(kind: str) -> None:
    model = SPECS[Kind(kind)]
    good = {"kind": kind, "name": "x", **GOOD[kind]}
    assert validate(model, good)[1] == []
    for path in places(GOOD[kind]):
        for wrong in WRONG:
            tree = put(good, path, wrong)
            before = copy.deepcopy(tree)
            spec, found = validate(model, tree)
            rest = mended(model, tree, "x")
            # A section without a word in it may have been meant to hold any.
            assert rest.spec is not None or (kind == "attributes" and len(path) == 1), (path, wrong)
            assert tree == before
            assert bool(found) == (spec is None)


def test_a_value_that_needs_quotes_is_told_once(tmp_path: Path) -> None:
    late = CAMPAIGN.replace('10:00"}', '10:00", if_late: on}')
    assert only(write(tmp_path, SMALL, {"campaigns/sale.yaml": late})).code == "E008"


def test_words_of_a_broken_declaration_are_not_called_unknown(tmp_path: Path) -> None:
    files = {
        "segments/basics.yaml": ATTRIBUTES.replace("type: enum", "type: enumm").replace("tags:", "tgas:"),
        "campaigns/sale.yaml": CAMPAIGN.replace(
            "everyone",
            "{where: {all: [{attribute: tier, is: gold}, {tag: regular}, {attribute: nam, is: a}]}}",
        ),
    }
    assert sorted(short(problems(write(tmp_path, SMALL, files)))) == [
        "E101 segments/basics.yaml:6:1",
        "E103 segments/basics.yaml:5:16",
        "E301 campaigns/sale.yaml:3:83",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        ATTRIBUTES + "a: [",
        ATTRIBUTES.replace("kind: attributes", "kind: on"),
        ATTRIBUTES.replace("kind: attributes", "kind: words"),
        ATTRIBUTES.replace("  regular: {}\n", ""),
        ATTRIBUTES.replace("tags:", "tagz:"),
    ],
)
def test_words_of_a_file_that_cannot_be_read_are_not_called_unknown(tmp_path: Path, broken: str) -> None:
    files = {
        "segments/basics.yaml": broken,
        "campaigns/sale.yaml": CAMPAIGN.replace("everyone", "{where: {tag: regular}}"),
    }
    assert [p.origin.file for p in problems(write(tmp_path, SMALL, files))] == ["segments/basics.yaml"]


BAD = CAMPAIGN.replace("everyone", "{segment: nobodys}")


@pytest.mark.parametrize(
    "third",
    [
        "kind: client\nname: third\nusez: {}\n",
        "a: [",
        "kind: clint\nname: third\n",
        "kind: client\nname: third\nvalues: [1]\nuses: 3\n",
    ],
)
def test_a_broken_client_hides_nothing_of_the_others(tmp_path: Path, third: str) -> None:
    found = problems(write(tmp_path, SMALL, {"clients/third.yaml": third, "campaigns/sale.yaml": BAD}))
    assert "E303 campaigns/sale.yaml:3:21" in short(found)
    assert "E117" not in {p.code for p in found}


def test_files_of_a_client_that_cannot_be_read_are_checked(tmp_path: Path) -> None:
    files = {"clients/third.yaml": "a: [", "clients/third/campaigns/own.yaml": BAD.replace("sale", "own")}
    assert "E303 clients/third/campaigns/own.yaml:3:21" in short(problems(write(tmp_path, SMALL, files)))


@pytest.mark.parametrize("project", [None, "a: [", PROJECT + "defalts: {}\n", PROJECT + "defaults: {limits: 3}\n"])
def test_a_broken_project_file_hides_nothing(tmp_path: Path, project: str | None) -> None:
    reads = BAD.replace("こんにちは", '"{{ values.offer.percent }}% {{ values.shared }}"')
    found = problems(write(tmp_path, SMALL, {"lineform.yaml": project, "campaigns/sale.yaml": reads}))
    assert "E303 campaigns/sale.yaml:3:21" in short(found)
    assert "E022" not in {p.code for p in found}


def test_a_file_that_no_client_uses_is_checked_without_values(tmp_path: Path) -> None:
    client = CLIENT.replace('campaigns: ["*"]', "campaigns: [sale]")
    spare = BAD.replace("sale", "spare").replace("こんにちは", '"{{ values.unknown }}{{ frend }}"')
    found = short(problems(write(tmp_path, SMALL, {"clients/aoba.yaml": client, "campaigns/spare.yaml": spare})))
    assert found == ["E117 campaigns/spare.yaml", "E303 campaigns/spare.yaml:3:21", "E021 campaigns/spare.yaml:6:11"]


def test_a_limit_is_checked_beside_a_fault(tmp_path: Path) -> None:
    late = CAMPAIGN.replace("everyone", "{demographic: {gender: [male]}}") + "capped: wait\nsilnt: true\n"
    client = CLIENT + "limits: {per_friend: {week: 1}}\n"
    found = short(problems(write(tmp_path, SMALL, {"clients/aoba.yaml": client, "campaigns/sale.yaml": late})))
    assert found == ["E118 campaigns/sale.yaml:3:25", "E101 campaigns/sale.yaml:8:1"]


def test_a_file_that_calls_itself_otherwise_is_checked_and_known_by_both_names(tmp_path: Path) -> None:
    segment = "kind: segment\nname: vipp\nwhere: {tag: golden}\n"
    audience = "{where: {any: [{segment: vip}, {segment: vipp}, {segment: vippp}]}}"
    files = {"segments/vip.yaml": segment, "campaigns/sale.yaml": CAMPAIGN.replace("everyone", audience)}
    assert short(problems(write(tmp_path, SMALL, files))) == [
        "E303 campaigns/sale.yaml:3:69",
        "E104 segments/vip.yaml:2:7",
        "E302 segments/vip.yaml:3:14",
    ]


def test_a_text_under_an_unknown_key_is_not_said_to_be_misplaced(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("messages:", "mesages:").replace("こんにちは", '"{{ friend.language }}"')
    assert only(write(tmp_path, SMALL, {"campaigns/sale.yaml": text})).code == "E101"
