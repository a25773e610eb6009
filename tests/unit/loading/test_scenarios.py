"""What a scenario may say, and what is wrong with one, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import read_project
from lineform.model.scenario import ScenarioSpec
from support.workspaces import CLIENT, SMALL, only, problems, short, write

WORDS = """\
kind: attributes
name: more
attributes:
  gender: {type: enum, values: [female, male]}
  birthday: {type: date}
  booking_at: {type: text}
  visits: {type: number}
tags: {ladies: {}, standard: {}, vip: {}, opted-out: {}}
events:
  purchase: {fields: {amount: number, item: text}}
  booking: {fields: {number: text, starts_at: text}}
links: {teaser: {url: "https://example.com/teaser"}}
"""
WORKSPACE = {
    **SMALL,
    "segments/more.yaml": WORDS,
    "segments/lapsed.yaml": "kind: segment\nname: lapsed\nwhere: {tag: vip}\n",
    "clients/aoba.yaml": CLIENT.replace("uses: {", 'uses: {scenarios: ["*"], '),
}
HEAD = "kind: scenario\nname: welcome\n"
EXAMPLE = """\
kind: scenario
name: welcome
trigger: {follow: {on_unblock: skip, cooldown: 30d}}
in_flight: keep
goal: {event: purchase}
steps:
  - {id: thanks, after: 0, send: [{text: "{{ client.title }}へようこそ"}]}
  - {id: story, after: 3d, at: "10:00", send: [{text: "物語"}]}
  - id: ask
    after: 7d
    branch:
      - {if: {attribute: gender, is: female}, then: [{tag: ladies}]}
      - {else: true, then: [{tag: standard}]}
"""


def declared(tmp_path: Path, text: str) -> Path:
    return write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": text})


def test_the_example_of_the_design_is_right(tmp_path: Path) -> None:
    loaded = read_project(declared(tmp_path, EXAMPLE))
    assert loaded.project is not None, [p.message for p in loaded.problems]
    (resource,) = [r for r in loaded.project.clients["aoba"].resources.values() if r.address.kind == "scenario"]
    assert isinstance(resource.spec, ScenarioSpec)
    assert [step.id for step in resource.spec.steps] == ["thanks", "story", "ask"]


EVERYTHING = """\
kind: scenario
name: welcome
trigger: [follow, {tag: vip}, {attribute: gender}, {event: purchase, where: {amount: {at_least: 1000}}}, manual]
if: {not: {tag: opted-out}}
exclude: [{tag: opted-out}]
excluded: skip
reentry: restart
reentry_after: 30d
goal: [{click: teaser}, {event: purchase}]
exit_on: {untag: vip}
priority: 80
capped: skip
if_late: {within: 2h, otherwise: hold}
skip_if_unknown: [name]
steps:
  - {id: a, send: [{text: "{{ friend.name }}さま"}], do: [{tag: vip}, {set: {visits: 1}}]}
  - {id: b, after: 1mo, at: "10:00", on: [sat, sun], if: {tag: vip}, send: [{text: b}], valid_until: 40d}
  - id: c
    after: 1d
    from: previous
    wait: {for: {event: purchase}, within: 7d, then: [{untag: vip}], else: {goto: e}}
  - {id: d, after: 60d, goto: end, do: [{record: {event: purchase, fields: {amount: 1}}}]}
  - {id: e, before: {attribute: booking_at, by: 2h}, send: [{text: e}], valid_until: "2027-01-01T00:00"}
"""


def test_everything_that_a_scenario_may_say_is_right_together(tmp_path: Path) -> None:
    assert problems(declared(tmp_path, EVERYTHING)) == []


FOLLOW = "trigger: follow\nsteps: ["
STEP = "steps: [{id: a, send: [{text: a}]}]\n"


@pytest.mark.parametrize(
    ("body", "code", "said", "hint"),
    [
        ("trigger: {tag: vup}\n" + STEP, "E302", "unknown tag 'vup'", "vip"),
        ("trigger: {attribute: gendre}\n" + STEP, "E301", "unknown attribute 'gendre'", "gender"),
        ("trigger: {attribute: gender, is: femal}\n" + STEP, "E306", "femal", "female"),
        ("trigger: {click: teazer}\n" + STEP, "E314", "unknown link 'teazer'", "teaser"),
        ("trigger: {form: profil}\n" + STEP, "E315", "unknown form 'profil'", "declare"),
        ("trigger: {event: purchas}\n" + STEP, "E312", "unknown event 'purchas'", "purchase"),
        ("trigger: {event: purchase, where: {amout: {is: 1}}}\n" + STEP, "E313", "amout", "amount"),
        ("trigger: {route: poster}\n" + STEP, "E316", "unknown entry route 'poster'", "declare"),
        ("trigger: {segment: lapset}\n" + STEP, "E303", "unknown segment 'lapset'", "lapsed"),
        ("trigger: {date: visits}\nenroll: new\n" + STEP, "E347", "holds no date", "date"),
        ("trigger: {date: birthday}\n" + STEP, "E346", "known already", "enroll: both"),
        ("trigger: [follow, {segment: lapsed}]\n" + STEP, "E346", "stands alone", "two scenarios"),
        ("trigger: {keyword: 予約}\nenroll: both\n" + STEP, "E346", "keyword", "enroll: new"),
        ("trigger: follow\nper: number\n" + STEP, "E346", "only events", ""),
        ("trigger: {event: booking}\nper: numbre\n" + STEP, "E313", "numbre", "number"),
        ("trigger: follow\ngoal: {event: purchas}\n" + STEP, "E312", "purchas", "purchase"),
        ("trigger: follow\nexclude: [{tag: opted}]\n" + STEP, "E302", "opted", "opted-out"),
        ("trigger: follow\nif: {tag: vup}\n" + STEP, "E302", "vup", "vip"),
        ("trigger: follow\nreentry_after: 3d\n" + STEP, "E346", "nobody enters again", "reentry"),
        ("trigger: follow\nskip_if_unknown: [nam]\n" + STEP, "E301", "nam", "name"),
        (FOLLOW + "{id: a, do: [{menu: mian}]}]\n", "E330", "unknown rich menu 'mian'", "richmenu"),
        (FOLLOW + "{id: a, do: [{form: profil}]}]\n", "E315", "profil", "form"),
        (FOLLOW + "{id: a, do: [{start: welcom}]}]\n", "E331", "welcom", "welcome"),
        (FOLLOW + "{id: a, do: [{tag: vup}]}]\n", "E302", "vup", "vip"),
        (FOLLOW + "{id: a, before: {attribute: visits, by: 1d}, send: [{text: a}]}]\n", "E347", "no date", ""),
        (FOLLOW + "{id: a, before: 1d, send: [{text: a}]}]\n", "E345", "no date begins", "attribute"),
        (FOLLOW + "{id: a, before: {field: starts_at, by: 1d}, send: [{text: a}]}]\n", "E313", "event", ""),
        (FOLLOW + "{id: a, from: previous, send: [{text: a}]}]\n", "E345", "before the first", ""),
        (FOLLOW + "{id: a, do: [{tag: vip}], valid_until: 3d}]\n", "E345", "sends nothing", ""),
        (FOLLOW + "{id: end, send: [{text: a}]}]\n", "E340", "'end' is the end", ""),
        (FOLLOW + "{id: a, send: [{text: a}], goto: b}]\n", "E342", "no step 'b'", "end"),
        (FOLLOW + "{id: a, send: [{text: '{{ friend.nam }}'}]}]\n", "E026", "friend.nam", "name"),
        (FOLLOW + "{id: a, send: [{text: '{{ friend.name }}'}]}]\n", "E025", "unknown for some", "default"),
        (FOLLOW + "{id: a, send: [{text: '{{ event.amount }}'}]}]\n", "E024", "does not know", "friend"),
        (FOLLOW + "{id: a, do: [{set: {name: '{{ friend.name }}'}}]}]\n", "E024", "when a message", ""),
        (FOLLOW + "{id: a, send: [{txt: a}]}]\n", "E202", "", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_a_way_out(tmp_path: Path, body: str, code: str, said: str, hint: str) -> None:
    found = problems(declared(tmp_path, HEAD + body))
    assert found, body
    if code == "E202":
        assert all(p.code.startswith("E2") for p in found)
        return
    assert code in {p.code for p in found}, [(p.code, p.message) for p in found]
    problem = next(p for p in found if p.code == code)
    assert said in problem.message
    assert hint in problem.hint
    assert problem.origin.file == "campaigns/welcome.yaml"
    assert problem.origin.line >= 3


def test_a_branch_needs_a_way_for_everybody_else(tmp_path: Path) -> None:
    text = EXAMPLE.replace("{else: true, then: [{tag: standard}]}", "{if: {tag: vip}, then: [{tag: standard}]}")
    problem = only(declared(tmp_path, text))
    assert (problem.code, problem.origin.line) == ("E341", 13)
    assert "else" in problem.hint


def test_an_else_comes_last(tmp_path: Path) -> None:
    text = HEAD + "trigger: follow\nsteps:\n  - id: a\n    branch:\n      - {else: true}\n      - {else: true}\n"
    assert short(problems(declared(tmp_path, text))) == ["E341 campaigns/welcome.yaml:7:9"]


def test_no_two_steps_have_one_id(tmp_path: Path) -> None:
    problem = only(declared(tmp_path, EXAMPLE.replace("id: story", "id: thanks")))
    assert (problem.code, problem.origin.line) == ("E340", 8)


def test_a_step_never_leads_back(tmp_path: Path) -> None:
    text = HEAD + "trigger: follow\nsteps:\n  - {id: a, send: [{text: a}]}\n  - {id: b, send: [{text: b}], goto: a}\n"
    problem = only(declared(tmp_path, text))
    assert problem.code == "E343"
    assert "without end" in problem.message


def test_a_step_that_nothing_leads_to_is_found(tmp_path: Path) -> None:
    text = HEAD + (
        "trigger: follow\nsteps:\n  - {id: a, send: [{text: a}], goto: c}\n"
        "  - {id: b, send: [{text: b}]}\n  - {id: c, send: [{text: c}]}\n"
    )
    problem = only(declared(tmp_path, text))
    assert (problem.code, problem.origin.line) == ("E344", 6)
    assert "'b'" in problem.message


def test_a_step_behind_a_branch_that_always_ends_is_never_reached(tmp_path: Path) -> None:
    text = EXAMPLE.replace("then: [{tag: ladies}]}", "goto: end}").replace("then: [{tag: standard}]}", "goto: end}")
    text += "  - {id: after, after: 9d, send: [{text: x}]}\n"
    assert [p.code for p in problems(declared(tmp_path, text))] == ["E344"]


def test_scenarios_that_begin_each_other_without_time_between_are_refused(tmp_path: Path) -> None:
    one = HEAD + "trigger: {tag: vip}\nreentry: restart\nsteps: [{id: a, do: [{start: other}]}]\n"
    other = (
        "kind: scenario\nname: other\ntrigger: manual\nreentry: restart\n"
        "steps: [{id: a, do: [{untag: vip}, {tag: vip}]}]\n"
    )
    root = write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": one, "campaigns/other.yaml": other})
    assert [p.code for p in problems(root)] == ["E348", "E348"]
    assert "other → welcome → other" in problems(root)[0].message


def test_with_time_between_or_one_entry_a_circle_is_a_series(tmp_path: Path) -> None:
    later = HEAD + "trigger: manual\nreentry: restart\nsteps: [{id: a, after: 30d, do: [{start: welcome}]}]\n"
    assert problems(declared(tmp_path, later)) == []
    once = HEAD + "trigger: manual\nsteps: [{id: a, do: [{start: welcome}]}]\n"
    assert problems(declared(tmp_path, once)) == []


def test_a_field_that_the_trigger_asks_for_is_known_in_the_messages(tmp_path: Path) -> None:
    asked = HEAD + "trigger: {event: purchase, where: {amount: {known: true}}}\n"
    steps = "steps: [{id: a, send: [{text: '{{ event.amount }}円'}]}]\n"
    assert problems(declared(tmp_path, asked + steps)) == []
    (unknown,) = problems(declared(tmp_path / "other", HEAD + "trigger: {event: purchase}\n" + steps))
    assert unknown.code == "E025"
    assert "known: true" in unknown.hint


def test_an_event_without_fields_is_told_to_have_none(tmp_path: Path) -> None:
    text = HEAD + "trigger: {event: nod}\nsteps: [{id: a, send: [{text: '{{ event.item }}'}]}]\n"
    words = "kind: attributes\nname: nods\nevents: {nod: {}}\n"
    (found,) = problems(write(declared(tmp_path, text), {"segments/nods.yaml": words}))
    assert (found.code, found.hint) == ("E026", "the event is declared without fields")


def test_a_scenario_that_no_client_uses_is_a_warning(tmp_path: Path) -> None:
    root = write(tmp_path, WORKSPACE, {"clients/aoba.yaml": CLIENT, "campaigns/welcome.yaml": EXAMPLE})
    assert [p.code for p in problems(root)] == ["E117"]


def test_messages_of_a_step_may_stand_in_another_file(tmp_path: Path) -> None:
    text = HEAD + FOLLOW + "{id: a, send: [{part: messages/hello.yaml}]}]\n"
    files = {"campaigns/welcome.yaml": text, "campaigns/messages/hello.yaml": "text: こんにちは\n"}
    assert problems(write(tmp_path, WORKSPACE, files)) == []
    files = {"campaigns/welcome.yaml": text, "campaigns/messages/hello.yaml": "text: ''\n"}
    problem = only(write(tmp_path, WORKSPACE, files))
    assert problem.origin.file == "campaigns/messages/hello.yaml"


SHOP = """\
kind: attributes
name: shop
events:
  price_drop: {fields: {item: text, price: number}}
  favourite: {fields: {item: text}}
  visit: {fields: {shop: text}}
"""


def test_what_happens_to_an_item_may_begin_a_scenario_that_tells_of_it(tmp_path: Path) -> None:
    text = HEAD + (
        "trigger: {item: {event: price_drop, to: favourite}}\nreentry: restart\nper: item\n"
        "steps: [{id: a, send: [{text: '{{ event.item | default(\"x\") }} {{ event.price | default(0) }}'}]}]\n"
    )
    root = write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": text, "segments/shop.yaml": SHOP})
    assert problems(root) == []


@pytest.mark.parametrize(
    ("trigger", "code", "place"),
    [
        ("{event: price_drp, to: favourite}", "E312", "trigger[0].item.event"),
        ("{event: price_drop, to: visit}", "E313", "trigger[0].item.to"),
    ],
)
def test_an_item_is_named_by_both_events(tmp_path: Path, trigger: str, code: str, place: str) -> None:
    text = HEAD + f"trigger: {{item: {trigger}}}\nsteps: [{{id: a, send: [{{text: x}}]}}]\n"
    root = write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": text, "segments/shop.yaml": SHOP})
    problem = only(root)
    assert problem.code == code
    assert place in problem.message


def test_a_call_names_a_system_that_the_client_declares(tmp_path: Path) -> None:
    text = HEAD + "trigger: follow\nsteps: [{id: a, do: [{call: crm}]}]\n"
    assert only(declared(tmp_path, text)).code == "E335"
    hook = "webhooks: {crm: {url: 'https://crm.example/in', key: {env: CRM_KEY}}}\n"
    client = WORKSPACE["clients/aoba.yaml"] + hook
    assert problems(write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": text, "clients/aoba.yaml": client})) == []
    plain = client.replace(hook, hook.replace("https:", "http:"))
    assert problems(write(tmp_path, WORKSPACE, {"campaigns/welcome.yaml": text, "clients/aoba.yaml": plain})) != []
