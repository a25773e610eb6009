"""A client's values lie over the project's, its overrides over the shared file, and each knows where it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.model.address import Address
from lineform.model.campaign import CampaignSpec
from support.workspaces import CAMPAIGN, CLIENT, SMALL, another, only, problems, write

DEFAULTS = """\
kind: project
name: shop
defaults:
  timezone: Asia/Seoul
  values: {offer: {percent: 10, until: "1/1", gift: 皿}}
  limits: {monthly_messages: 500, monthly_yen: 100}
  plan: {included: 200}
"""
TEXT = CAMPAIGN.replace("こんにちは", '"{{ values.offer.percent }}% {{ values.offer.gift }} {{ client.title }}"')
SALE = Address.parse("campaign.sale")


def text_of(root: Path) -> str:
    spec = load_project(root).clients["aoba"].resources[SALE].spec
    assert isinstance(spec, CampaignSpec)
    return str(spec.messages[0]["text"])


def test_client_values_lie_over_the_projects_key_by_key(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"lineform.yaml": DEFAULTS, "campaigns/sale.yaml": TEXT})
    assert text_of(root) == "30% 皿 青葉サロン"


def test_defaults_hold_where_the_client_says_nothing(tmp_path: Path) -> None:
    root = write(
        tmp_path, SMALL, {"lineform.yaml": DEFAULTS, "clients/aoba.yaml": CLIENT + "limits: {monthly_messages: 9}\n"}
    )
    client = load_project(root).clients["aoba"]
    assert client.timezone == "Asia/Seoul"
    assert (client.limits.monthly_messages, client.limits.monthly_yen) == (9, 100)
    assert client.plan is not None
    assert client.plan.included == 200


def test_every_layer_of_a_value_can_be_explained(tmp_path: Path) -> None:
    client = load_project(write(tmp_path, SMALL, {"lineform.yaml": DEFAULTS})).clients["aoba"]
    found = [
        (layer.name, str(layer.origin), layer.value) for layer in client.source.layers(("values", "offer", "percent"))
    ]
    assert found == [("defaults", "lineform.yaml:5:29", 10), ("client", "clients/aoba.yaml:7:27", 30)]
    assert str(client.source.origin(("values", "offer", "gift"))) == "lineform.yaml:5:53"


OVERRIDE = CLIENT + 'overrides: {campaign.sale: {schedule: {at: "2026-12-02T11:00"}, messages: [{text: 上書き}]}}\n'


def test_an_override_replaces_key_by_key_and_lists_whole(tmp_path: Path) -> None:
    root = write(
        tmp_path, SMALL, {"clients/aoba.yaml": OVERRIDE, "campaigns/sale.yaml": CAMPAIGN + "  - text: 二つ目\n"}
    )
    resource = load_project(root).clients["aoba"].resources[SALE]
    assert isinstance(resource.spec, CampaignSpec)
    assert [m["text"] for m in resource.spec.messages] == ["上書き"]
    assert str(resource.source.origin(("schedule", "at"))) == "clients/aoba.yaml:8:44"
    assert str(resource.source.origin(("audience",))) == "campaigns/sale.yaml:3:11"
    assert [layer.name for layer in resource.source.layers(("schedule", "at"))] == ["file", "override"]


def test_a_fault_in_an_override_points_into_the_clients_file(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"clients/aoba.yaml": OVERRIDE.replace("上書き", '""')})
    assert only(root).origin.file == "clients/aoba.yaml"
    assert only(root).client == "aoba"


def test_an_override_of_nothing_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"clients/aoba.yaml": OVERRIDE.replace("campaign.sale:", "campaign.sail:")})
    assert (only(root).code, only(root).hint) == ("E111", "did you mean 'campaign.sale'?")


def test_an_unknown_name_under_uses_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"clients/aoba.yaml": CLIENT.replace('campaigns: ["*"]', "campaigns: [sail]")})
    assert (only(root).code, only(root).hint) == ("E110", "did you mean 'sale'?")


def test_a_resource_keeps_only_the_context_that_its_send_needs(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("こんにちは", "\"{{ friend.name | default('') }}{{ values.offer.percent }}\"")
    root = write(tmp_path, SMALL, {"campaigns/sale.yaml": text})
    before = load_project(root).clients["aoba"].resources[SALE]
    assert before.context == {"values": {"offer": {"percent": 30}}}
    write(root, {"clients/aoba.yaml": CLIENT.replace("12/25", "12/26")})
    assert load_project(root).clients["aoba"].resources[SALE].digest == before.digest
    write(root, {"clients/aoba.yaml": CLIENT.replace("percent: 30", "percent: 31")})
    assert load_project(root).clients["aoba"].resources[SALE].digest != before.digest


def test_notes_and_the_order_of_keys_change_no_digest(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL)
    before = load_project(root).clients["aoba"].resources[SALE].digest
    lines = CAMPAIGN.splitlines(keepends=True)
    turned = "description: 年末\n" + "".join([*lines[2:], *lines[:2], "silent: false\n"])
    write(root, {"campaigns/sale.yaml": turned})
    assert load_project(root).clients["aoba"].resources[SALE].digest == before


def test_the_same_resource_has_one_digest_however_it_came_about(tmp_path: Path) -> None:
    clients = {f"clients/c{i}.yaml": another(f"c{i}") for i in range(3)}
    root = write(
        tmp_path,
        SMALL,
        clients,
        {"clients/aoba.yaml": None, "campaigns/sale.yaml": TEXT.replace(" {{ values.offer.gift }}", "")},
    )
    digests = {client.resources[SALE].digest for client in load_project(root).clients.values()}
    alone = {load_project(root, clients=[f"c{i}"]).clients[f"c{i}"].resources[SALE].digest for i in range(3)}
    assert digests == alone
    assert len(digests) == 1


def test_a_file_in_a_clients_folder_is_that_clients_alone(tmp_path: Path) -> None:
    other = another("beni")
    own = CAMPAIGN.replace("name: sale", "name: own")
    root = write(tmp_path, SMALL, {"clients/beni.yaml": other, "clients/aoba/campaigns/own.yaml": own})
    project = load_project(root)
    assert Address.parse("campaign.own") in project.clients["aoba"].resources
    assert Address.parse("campaign.own") not in project.clients["beni"].resources


def test_an_address_twice_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"campaigns/deep/sale.yaml": CAMPAIGN})
    found = only(root)
    assert (found.code, str(found.origin)) == ("E105", "campaigns/sale.yaml")
    assert [str(origin) for origin in found.written_by] == ["campaigns/deep/sale.yaml"]


def test_values_may_name_the_client_but_no_friend_and_no_values(tmp_path: Path) -> None:
    fine = CLIENT.replace('until: "12/25"', 'until: "{{ client.title }}"')
    write(tmp_path, SMALL, {"clients/aoba.yaml": fine, "campaigns/sale.yaml": TEXT.replace("gift", "until")})
    assert text_of(tmp_path) == "30% 青葉サロン 青葉サロン"
    for wrong in ("{{ friend.name }}", "{{ values.offer.percent }}"):
        write(tmp_path, {"clients/aoba.yaml": CLIENT.replace('"12/25"', f'"{wrong}"')})
        assert only(tmp_path).code == "E029"


J2 = """\
kind: campaign
name: tall
audience: everyone
schedule: {at: "2026-12-01T10:00"}
messages:
{% for item in values.things %}
  - text: "{{ item }} {% raw %}{{ friend.name | default('様') }}{% endraw %}"
{% endfor %}
"""


def test_a_template_file_is_rendered_whole_for_each_client(tmp_path: Path) -> None:
    client = CLIENT.replace("values: {", "values: {things: [一, 二], ")
    root = write(tmp_path, SMALL, {"clients/aoba.yaml": client, "campaigns/tall.yaml.j2": J2})
    spec = load_project(root).clients["aoba"].resources[Address.parse("campaign.tall")].spec
    assert isinstance(spec, CampaignSpec)
    assert [m["text"] for m in spec.messages] == [
        "一 {{ friend.name | default('様') }}",
        "二 {{ friend.name | default('様') }}",
    ]


def test_a_fault_in_a_rendered_template_says_whose_line_it_is(tmp_path: Path) -> None:
    client = CLIENT.replace("values: {", "values: {things: [一], ")
    root = write(
        tmp_path, SMALL, {"clients/aoba.yaml": client, "campaigns/tall.yaml.j2": J2.replace("audience", "audiance")}
    )
    found = problems(root)
    assert {p.code for p in found} == {"E101"}
    assert all("as rendered for aoba" in p.hint for p in found)
    assert {p.excerpt for p in found if p.code == "E101"} == {"audiance: everyone"}


def test_a_template_file_cannot_read_a_friend(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"campaigns/tall.yaml.j2": J2.replace("{% raw %}", "").replace("{% endraw %}", "")})
    assert "E021" in {p.code for p in problems(root)}


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('  - {% include "x" %}', "E020", 5),
        ('  - text: "{{ client.title | uper }}"', "E020", 12),
        ("  {% for i in range(5000) %}- text: a", "E027", 3),
        ('  - text: "{{ 1 // 0 }}"', "E027", 12),
        ('  - text: "{{ values.items }}"', "E022", 12),
        ("  {% for i in values.items %}- text: a", "E022", 3),
        ("  - text: \"{{ values.x | default('') }} {{ client.titel }}\"", "E022", 12),
        ('  - text: "{{ frend }}"', "E021", 15),
        ('  - text: "{{ client.title"', "E020", 12),
    ],
)
def test_a_template_files_own_faults_have_a_line(tmp_path: Path, line: str, code: str, column: int) -> None:
    end = "\n{% endfor %}" if "for" in line else ""
    lines = J2.replace("tall", "bad").splitlines()[:5]
    text = "\n".join([*lines, line]) + end + "\n"
    found = only(write(tmp_path, SMALL, {"campaigns/bad.yaml.j2": text}))
    assert (found.code, str(found.origin)) == (code, f"campaigns/bad.yaml.j2:6:{column}")
    assert found.excerpt == line


def test_a_missing_value_of_a_template_file_is_named(tmp_path: Path) -> None:
    text = J2.replace("tall", "bad").replace("values.things", "values.items")
    found = only(write(tmp_path, SMALL, {"campaigns/bad.yaml.j2": text}))
    assert (found.code, found.message) == ("E022", "values.items is unknown")


def test_all_faults_of_a_template_file_are_told(tmp_path: Path) -> None:
    text = "kind: campaign\nname: bad\n{% include 'x' %}\na: {{ values.a | uper }}\nb: {{ values.b() }}\n"
    found = problems(write(tmp_path, SMALL, {"campaigns/bad.yaml.j2": text}))
    assert [(p.code, p.origin.line) for p in found] == [("E020", 3), ("E020", 4), ("E020", 5)]
