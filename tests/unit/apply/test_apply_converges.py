"""Whatever is edited, whatever happens to the account meanwhile: one more apply, and it is as declared."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.planning.marks import read_mark
from lineform.planning.options import PlanOptions
from support.applying import Shop
from support.declared_clients import client, menu
from support.fake_account import Crash, FakeAccount, Trouble

NAMES = ("main", "news", "shop")
FOREIGN = "richmenu-foreign"


@dataclass(frozen=True, slots=True)
class Round:
    """One edit of the workspace and its apply, after something happened on the account."""

    messages: dict[str, str]
    default: str
    protected: frozenset[str]
    prune: bool
    hours: int
    crash_at: int
    tap: str
    drift: tuple[str, str]
    clear_default: bool

    def client(self) -> Client:
        menus = (
            menu(name, message=text, default=name == self.default, protect=name in self.protected)
            for name, text in self.messages.items()
        )
        return client(*menus)


ROUNDS = st.builds(
    Round,
    messages=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["one", "two"]), min_size=1),
    default=st.sampled_from((*NAMES, "")),
    protected=st.frozensets(st.sampled_from(NAMES), max_size=1),
    prune=st.booleans(),
    hours=st.integers(0, 30),
    crash_at=st.integers(0, 14),
    tap=st.sampled_from((*NAMES, "")),
    drift=st.tuples(st.sampled_from(NAMES), st.sampled_from((*NAMES, ""))),
    clear_default=st.booleans(),
)


def something_happens(account: FakeAccount, planned: Round) -> None:
    """A friend taps a tab, somebody points an alias elsewhere, somebody clears the default."""
    if planned.tap:
        account.tap("friend", planned.tap)
    alias, target = planned.drift
    if alias in account.alias_map and target in account.alias_map:
        account.alias_map[alias] = account.alias_map[target]
    if planned.clear_default:
        account.default = ""


def nobody_loses_a_menu(declared: Client, before: FakeAccount) -> None:
    """Sets a watch: from here on no tap ends nowhere, nobody's declared menu vanishes, and no default goes missing."""
    names = {resource.address.name for resource in declared.of(Kind.RICHMENU)}
    keeps_default = bool(before.default) and any(_is_default(r.spec) for r in declared.of(Kind.RICHMENU))
    addresses = {menu_id: read_mark(str(live["name"])) for menu_id, live in before.menu_objects.items()}

    def watch(account: FakeAccount, call: str) -> None:
        for alias, target in account.alias_map.items():
            assert target in account.images, f"{alias} ends nowhere after {call}"
        for linked in account.links.values():
            mark = addresses.get(linked)
            if mark is not None and mark.address.name in names:
                assert linked in account.images, f"a friend's menu vanished after {call}"
        if keeps_default:
            assert account.default in account.images, f"no default after {call}"

    before.watch = watch


def _is_default(spec: object) -> bool:
    return bool(getattr(spec, "default", False))


def apply_with_a_crash(shop: Shop, declared: Client, options: PlanOptions, crash_at: int) -> None:
    shop.account.trouble = Trouble(crash_after=crash_at and len(shop.account.calls) + crash_at)
    try:
        shop.apply(declared, options)
    except Crash:
        shop.wait(minutes=11)
    shop.account.trouble = Trouble()
    shop.apply(declared, options)


def check(shop: Shop, declared: Client, options: PlanOptions) -> None:
    planned = shop.plan(declared, options)
    assert not planned.drifted, planned.changes
    if not planned.empty:
        # The pause after a crash may have crossed the end of a grace: what retired then goes with the next apply.
        shop.apply(declared, options)
        planned = shop.plan(declared, options)
    assert planned.empty, planned.changes
    calls = len(shop.account.calls)
    shop.apply(declared, options)
    assert len(shop.account.calls) == calls, "a second apply calls nothing"
    for resource in declared.of(Kind.RICHMENU):
        shown = shop.account.alias_map[resource.address.name]
        mark = read_mark(str(shop.account.menu_objects[shown]["name"]))
        assert mark is not None
        assert {"menu": mark.hash}.items() <= planned.settled[str(resource.address)].items()
        if _is_default(resource.spec):
            assert shop.account.default == shown


@settings(max_examples=60, deadline=None)
@given(st.lists(ROUNDS, min_size=1, max_size=5))
def test_every_edit_converges_through_drift_and_crashes(rounds: list[Round]) -> None:
    shop = Shop()
    foreign = {"name": "made by hand", "areas": []}
    shop.account.menu_objects[FOREIGN] = dict(foreign)
    shop.account.images[FOREIGN] = b"theirs"
    shop.account.alias_map["theirs"] = FOREIGN
    for planned in rounds:
        shop.wait(hours=planned.hours)
        something_happens(shop.account, planned)
        declared, options = planned.client(), PlanOptions(prune=planned.prune)
        nobody_loses_a_menu(declared, shop.account)
        apply_with_a_crash(shop, declared, options, planned.crash_at)
        check(shop, declared, options)
    assert shop.account.menu_objects[FOREIGN] == foreign
    assert shop.account.images[FOREIGN] == b"theirs"
    assert shop.account.alias_map["theirs"] == FOREIGN
    assert not any(FOREIGN in call for call in shop.account.calls)


@settings(max_examples=25, deadline=None)
@given(st.lists(ROUNDS, min_size=1, max_size=4))
def test_after_the_grace_only_what_is_declared_or_protected_or_unpruned_is_left(rounds: list[Round]) -> None:
    shop = Shop()
    for planned in rounds:
        shop.apply(planned.client(), PlanOptions(prune=True))
        shop.wait(minutes=1)
    shop.wait(hours=49)
    declared = rounds[-1].client()
    shop.apply(declared, PlanOptions(prune=True))
    marks = [read_mark(str(live["name"])) for live in shop.account.menu_objects.values()]
    kept = [str(mark.address) for mark in marks if mark is not None]
    assert len(kept) == len(set(kept)), "one menu for each address"
    protected = {str(mark.address) for mark in marks if mark is not None and mark.protected}
    assert set(kept) - protected <= {str(resource.address) for resource in declared.of(Kind.RICHMENU)}
