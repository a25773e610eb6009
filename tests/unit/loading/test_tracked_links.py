"""``track`` in files: what it needs of the client and of the messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspaces import CAMPAIGN, CLIENT, SMALL, only, problems, write

WORDS = "kind: attributes\nname: links\nlinks:\n  sale: {url: https://shop.example.jp/sale}\n  bare: {}\n"
LINKS = "links: {base: https://go.example.jp, key: {env: LINK_KEY}}\n"


def files(text: str, more: str = "track: friend\n", client: str = LINKS) -> dict[str, str]:
    return {
        "campaigns/sale.yaml": CAMPAIGN.replace("こんにちは", f'"{text}"') + more,
        "segments/links.yaml": WORDS,
        "clients/aoba.yaml": CLIENT + client,
    }


@pytest.mark.parametrize("text", ["見る https://shop.example.jp/sale", "{{ link.sale }}"])
def test_a_declared_address_or_its_name_can_be_tracked(tmp_path: Path, text: str) -> None:
    assert problems(write(tmp_path, SMALL, files(text))) == []


def test_tracking_needs_an_address_that_links_lead_through(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files("https://shop.example.jp/sale", client="")))
    assert (found.code, str(found.origin)) == ("E119", "campaigns/sale.yaml:7:8")
    assert found.hint.startswith("write 'links: {base: https://…")


def test_tracking_nothing_is_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files("https://other.example.jp/")))
    assert (found.code, found.message) == ("E119", "track: no address in these messages is a declared link")


@pytest.mark.parametrize(("name", "hint"), [("sal", "did you mean 'sale'?"), ("bare", "declare it with its url")])
def test_a_link_without_an_address_cannot_be_read(tmp_path: Path, name: str, hint: str) -> None:
    found = only(write(tmp_path, SMALL, files(f"{{{{ link.{name} }}}}", more="")))
    assert (found.code, found.hint.startswith(hint)) == ("E314", True)


def test_taps_on_what_line_sends_by_itself_cannot_be_told_apart(tmp_path: Path) -> None:
    given = files("https://shop.example.jp/sale")
    given["campaigns/sale.yaml"] = given["campaigns/sale.yaml"].replace(
        "audience: everyone", "audience: {demographic: {gender: [female]}, limit: 100}"
    )
    found = only(write(tmp_path, SMALL, given))
    assert (found.code, found.hint) == ("E103", "write 'track: message', which counts the taps of all")


@pytest.mark.parametrize("base", ["http://go.example.jp", "https://go.example.jp/", "https://go.example.jp/l", "go.jp"])
def test_the_address_is_a_host_under_https(tmp_path: Path, base: str) -> None:
    client = f"links: {{base: '{base}', key: {{env: LINK_KEY}}}}\n"
    assert "E103" in {one.code for one in problems(write(tmp_path, SMALL, files("{{ link.sale }}", client=client)))}


def test_a_key_written_in_a_file_is_refused_without_being_repeated(tmp_path: Path) -> None:
    client = "links: {base: https://go.example.jp, key: abcdefghijklmnop, old_keys: [qrstuvwxyz]}\n"
    found = problems(write(tmp_path, SMALL, files("{{ link.sale }}", client=client)))
    assert [one.code for one in found] == ["E107", "E107"]
    assert not any("abcdef" in str(one) or "qrst" in str(one) for one in found)
