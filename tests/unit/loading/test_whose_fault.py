"""Whose a problem is: of one client alone, or of whoever may use the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import Loaded, load_project, read_project
from lineform.model.problem import InvalidError
from support.agency import CAMPAIGN, agency

ATTRIBUTES = "kind: attributes\nname: words\ntags: {vip: {}}\n"
SEGMENT = "kind: segment\nname: vips\nwhere: {tag: regular}\n"
TO_VIPS = CAMPAIGN.format(name="own").replace("everyone", "{segment: vips}")


def reading(root: Path, files: dict[str, str], *clients: str) -> Loaded:
    agency(root)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_project(root, clients=clients or None)


def sound(loaded: Loaded) -> list[str] | None:
    return None if loaded.sound is None else sorted(loaded.sound.clients)


def test_of_a_valid_workspace_everybody_is_sound(tmp_path: Path) -> None:
    loaded = reading(tmp_path, {})
    assert loaded.problems == ()
    assert loaded.project is loaded.sound
    assert not loaded.faulty


@pytest.mark.parametrize(
    "file", ["clients/beta.yaml", "clients/beta/campaigns/x.yaml", "clients/beta/segments/x.yaml", "clients/beta.yml"]
)
def test_a_file_of_one_client_is_that_clients_fault(tmp_path: Path, file: str) -> None:
    loaded = reading(tmp_path, {file: "kind: ["})
    assert loaded.project is None
    assert sound(loaded) == ["alpha", "gamma"]
    assert [str(problem.origin) for problem in loaded.faulty["beta"].problems] == [f"{file}:2:1"]
    assert read_project(tmp_path, clients=["alpha"]).problems == ()


def test_what_is_asked_of_one_client_is_told_of_that_client(tmp_path: Path) -> None:
    loaded = reading(tmp_path, {"clients/beta.yaml": "kind: [", "clients/gamma.yaml": "kind: {"}, "beta")
    assert [problem.origin.file for problem in loaded.problems] == ["clients/beta.yaml"]
    with pytest.raises(InvalidError):
        load_project(tmp_path, clients=["beta"])
    assert list(load_project(tmp_path, clients=["alpha"]).clients) == ["alpha"]


@pytest.mark.parametrize("file", ["campaigns/x.yaml", "segments/x.yaml", "lineform.yaml"])
def test_a_shared_file_is_everybodys(tmp_path: Path, file: str) -> None:
    assert sound(reading(tmp_path, {file: "kind: ["})) is None
    assert sound(read_project(tmp_path, clients=["alpha"])) is None


def test_words_for_everybody_that_stand_among_the_clients_are_everybodys(tmp_path: Path) -> None:
    assert sound(reading(tmp_path, {"clients/words.yaml": ATTRIBUTES + "tags: {vip: {}}\n"})) is None


def test_a_folder_of_nobody_stops_nobody(tmp_path: Path) -> None:
    loaded = reading(tmp_path, {"clients/delta/campaigns/own.yaml": CAMPAIGN.format(name="own")})
    assert sound(loaded) == ["alpha", "beta", "gamma"]
    assert list(loaded.faulty) == ["delta"]


def test_what_only_one_of_its_users_sees_in_a_shared_file_is_that_clients(tmp_path: Path) -> None:
    greeting = CAMPAIGN.format(name="sale").replace("こんにちは、sale", '"{{ values.greeting }}"')
    assert sound(reading(tmp_path, {"campaigns/sale.yaml": greeting})) is None
    for name in ("alpha", "gamma"):
        with (tmp_path / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write("values: {greeting: こんばんは}\n")
    loaded = read_project(tmp_path)
    assert sound(loaded) == ["alpha", "gamma"]
    assert [problem.code for problem in loaded.faulty["beta"].problems] == ["E022"]


def test_what_overrides_hide_from_others_is_still_everybodys(tmp_path: Path) -> None:
    agency(tmp_path)
    for name in ("alpha", "gamma"):
        with (tmp_path / f"clients/{name}.yaml").open("a", encoding="utf-8") as file:
            file.write("overrides: {campaign.sale: {audience: everyone}}\n")
    unknown = CAMPAIGN.format(name="sale").replace("everyone", "{segment: nobody-wrote-it}")
    (tmp_path / "campaigns/sale.yaml").write_text(unknown, encoding="utf-8")
    assert sound(read_project(tmp_path)) is None


def test_a_template_that_becomes_no_yaml_for_one_client_is_that_clients(tmp_path: Path) -> None:
    template = CAMPAIGN.format(name="sale").replace("こんにちは、sale", "{{ client.title }}")
    loaded = reading(tmp_path, {"campaigns/sale.yaml.j2": template})
    assert sound(loaded) is None  # sale is declared twice
    (tmp_path / "campaigns/sale.yaml").unlink()
    settings = tmp_path / "clients/beta.yaml"
    settings.write_text(settings.read_text().replace("title: beta", 'title: "["'), encoding="utf-8")
    assert sound(read_project(tmp_path)) == ["alpha", "gamma"]


def test_another_clients_unreadable_file_excuses_no_unknown_name(tmp_path: Path) -> None:
    files = {"clients/alpha/campaigns/own.yaml": TO_VIPS, "clients/beta/segments/vips.yaml": "kind: ["}
    assert [problem.code for problem in reading(tmp_path, files, "alpha").problems] == ["E303"]
    assert sound(read_project(tmp_path)) == ["gamma"]


def test_a_part_from_anothers_folder_is_the_fault_of_whoever_names_it(tmp_path: Path) -> None:
    named = CAMPAIGN.format(name="own").replace("text: こんにちは、own", "part: ../../beta/messages/hero.yaml")
    files = {"clients/alpha/campaigns/own.yaml": named, "clients/beta/messages/hero.yaml": "text: ["}
    assert sound(reading(tmp_path, files)) == ["gamma"]
    alone = read_project(tmp_path, clients=["alpha"])
    assert [problem.origin.file for problem in alone.problems] == ["clients/beta/messages/hero.yaml"]
    assert sound(alone) == []


@pytest.mark.parametrize(
    ("file", "text", "settled"),
    [
        ("clients/beta/campaigns/own.yaml", "kind: [", True),
        ("clients/beta/segments/vips.yaml", SEGMENT.replace("regular", "unknown"), True),
        ("clients/beta/segments/words.yaml", ATTRIBUTES.replace("{}", "{group: 3}"), False),
        ("clients/beta/segments/words.yaml", "kind: attributes\ntags: [", False),
        ("clients/beta/segments/x.yaml", "kind: [", False),
        ("clients/beta.yaml", "kind: [", False),
    ],
)
def test_settings_and_words_decide_whether_a_client_can_still_be_sent_to(
    tmp_path: Path, file: str, text: str, settled: bool
) -> None:
    loaded = reading(tmp_path, {file: text})
    assert list(loaded.faulty) == ["beta"]
    assert (loaded.faulty["beta"].settled is not None) is settled
