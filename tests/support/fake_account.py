"""A LINE account in memory, for tests of what apply does to it.

It knows LINE's rules about rich menus (https://developers.line.biz/en/reference/messaging-api/#rich-menu): one image
a menu and never another, no alias, default or link without an image, batches that end later, falling back where a
menu is deleted. It can die or lose its answer at any call, and it can be watched after each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from lineform.lineapi.routes import Route
from lineform.planning.live import Bot, DefaultMenu, Quota
from lineform.planning.live_audiences import AudienceJob, LiveAudience
from lineform.ports.line_account import (
    Accepted,
    FollowerPage,
    ListedCoupon,
    NarrowcastProgress,
    NotFound,
    OutcomeUnknown,
    Phase,
    Profile,
    Refused,
)
from support.declared_clients import BOT
from support.fake_audiences import FakeAudiences

MENUS = 1000


class Crash(BaseException):
    """The machine goes down; nothing in the product may catch this."""


@dataclass(slots=True)
class Batch:
    """One batch; `rest` are the friends that it has not moved yet."""

    rest: list[tuple[str, str]]
    looks: int = 0
    failed: bool = False
    done: bool = False


@dataclass(slots=True)
class Trouble:
    """What goes wrong at which changing call, counted from 1."""

    crash_before: int = 0
    crash_after: int = 0
    lost_answer: int = 0
    """LINE does it, and the answer is lost."""
    never_arrived: int = 0
    """The request is lost; the caller cannot tell it from a lost answer."""
    refuse: Callable[[int, str], Exception | None] = lambda count, name: None


@dataclass(slots=True)
class FakeAccount:
    bot_id: str = BOT
    menu_objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    alias_map: dict[str, str] = field(default_factory=dict)
    default: str = ""
    default_is_foreign: bool = False
    links: dict[str, str] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    audience_book: FakeAudiences = field(default_factory=FakeAudiences)
    coupon_book: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """Calls that change something, in order: ``create_menu richmenu-1``."""
    trouble: Trouble = field(default_factory=Trouble)
    watch: Callable[[FakeAccount, str], None] = lambda account, call: None
    """Called after every changing call."""
    fail_batches: int = 0
    """So many batches move one friend and then fail."""
    batch_looks: int = 3
    """A batch is done when its progress was looked at so many times."""
    look: Callable[[], None] = lambda: None
    """Called at every look."""
    _made: int = 0

    # --- what a friend does and sees

    def tap(self, user: str, alias: str) -> None:
        """A tab: links the menu behind the alias, if there is one."""
        if self.alias_map.get(alias) in self.menu_objects:
            self.links[user] = self.alias_map[alias]

    def sees(self, user: str) -> str:
        """The menu of a friend who opens the chat: the linked one, else the default; empty where there is none."""
        linked = self.links.get(user, "")
        for menu_id in (linked, self.default):
            if menu_id in self.menu_objects and menu_id in self.images:
                return menu_id
        return ""

    # --- one place for troubles

    def _changing(self, name: str, work: Callable[[], Any]) -> Any:
        count = len(self.calls) + 1
        trouble = self.trouble
        if trouble.crash_before == count:
            raise Crash(name)
        self.calls.append(name)
        refused = trouble.refuse(count, name)
        if refused is not None:
            raise refused
        if trouble.never_arrived == count:
            raise OutcomeUnknown(f"{name}: no answer")
        result = work()
        self.watch(self, name)
        if trouble.crash_after == count:
            raise Crash(name)
        if trouble.lost_answer == count:
            raise OutcomeUnknown(f"{name}: no answer")
        return result

    def _need(self, menu_id: str) -> None:
        if menu_id not in self.menu_objects:
            raise NotFound("Not found", status=404)

    # --- the port

    async def bot(self) -> Bot:
        return Bot(self.bot_id, "@salon", "Salon")

    async def quota(self) -> Quota:
        return Quota(200, 10)

    async def menus(self) -> Sequence[Mapping[str, Any]]:
        return [{"richMenuId": menu_id, **menu} for menu_id, menu in self.menu_objects.items()]

    async def aliases(self) -> Mapping[str, str]:
        return dict(self.alias_map)

    async def default_menu(self) -> DefaultMenu:
        return DefaultMenu(foreign=True) if self.default_is_foreign else DefaultMenu(self.default)

    async def validate_menu(self, menu: Mapping[str, Any]) -> None:
        _check_object(menu)

    async def create_menu(self, menu: Mapping[str, Any]) -> str:
        def create() -> str:
            _check_object(menu)
            if len(self.menu_objects) >= MENUS:
                raise Refused("too many rich menus", status=400)
            self._made += 1
            menu_id = f"richmenu-{self._made:032x}"
            self.menu_objects[menu_id] = dict(menu)
            return menu_id

        return str(self._changing("create_menu", create))

    async def delete_menu(self, menu_id: str) -> None:
        def delete() -> None:
            self._need(menu_id)
            del self.menu_objects[menu_id]
            self.images.pop(menu_id, None)
            self.default = "" if self.default == menu_id else self.default

        self._changing(f"delete_menu {menu_id}", delete)

    async def menu_image(self, menu_id: str) -> bytes | None:
        return self.images.get(menu_id)

    async def upload_menu_image(self, menu_id: str, image: bytes, content_type: str) -> None:
        def upload() -> None:
            self._need(menu_id)
            if menu_id in self.images:
                raise Refused("An image has already been uploaded to the richmenu", status=400)
            if content_type not in ("image/png", "image/jpeg"):
                raise Refused("Unsupported media type", status=415)
            self.images[menu_id] = image

        self._changing(f"upload_menu_image {menu_id}", upload)

    async def create_alias(self, alias: str, menu_id: str) -> None:
        def create() -> None:
            if alias in self.alias_map:
                raise Refused("conflict richmenu alias id", status=400)
            self._need_image(menu_id)
            self.alias_map[alias] = menu_id

        self._changing(f"create_alias {alias}", create)

    async def update_alias(self, alias: str, menu_id: str) -> None:
        def update() -> None:
            if alias not in self.alias_map:
                raise NotFound("richmenu alias not found", status=404)
            self._need_image(menu_id)
            self.alias_map[alias] = menu_id

        self._changing(f"update_alias {alias}", update)

    def _need_image(self, menu_id: str) -> None:
        # LINE says the same of a missing menu and of one without an image.
        if menu_id not in self.images:
            raise Refused("richmenu not found", status=400)

    async def delete_alias(self, alias: str) -> None:
        def delete() -> None:
            if alias not in self.alias_map:
                raise NotFound("richmenu alias not found", status=404)
            del self.alias_map[alias]

        self._changing(f"delete_alias {alias}", delete)

    async def set_default_menu(self, menu_id: str) -> None:
        def set_default() -> None:
            self._need(menu_id)
            if menu_id not in self.images:
                raise Refused("must upload richmenu image before applying it to user", status=400)
            self.default, self.default_is_foreign = menu_id, False

        self._changing(f"set_default_menu {menu_id}", set_default)

    async def clear_default_menu(self) -> None:
        def clear() -> None:
            self.default = ""

        self._changing("clear_default_menu", clear)

    async def move_linked_users(self, moves: Mapping[str, str], resume_key: str) -> str:
        def start() -> str:
            for old, new in moves.items():
                self._need(old)
                if not new:
                    continue
                self._need(new)
                if new not in self.images:
                    raise Refused(f"'to' richmenu ({new}) must have image but it doesn't", status=400)
            earlier = self.keys.get(resume_key)
            rest = [(user, moves[menu]) for user, menu in self.links.items() if menu in moves]
            request_id = f"request-{len(self.batches) + 1}"
            self.batches[request_id] = Batch(rest if earlier is None else list(self.batches[earlier].rest))
            self.keys[resume_key] = request_id
            return request_id

        return str(self._changing("move_linked_users", start))

    async def move_progress(self, request_id: str) -> Phase:
        batch = self.batches[request_id]
        batch.looks += 1
        self.look()
        if batch.looks < self.batch_looks:
            return Phase.ONGOING
        if not batch.done:
            self._work(batch)
        return Phase.FAILED if batch.failed else Phase.SUCCEEDED

    def _work(self, batch: Batch) -> None:
        batch.done = True
        batch.failed = self.fail_batches > 0
        self.fail_batches -= int(batch.failed)
        for _ in range(1 if batch.failed else len(batch.rest)):
            if batch.rest:
                user, menu_id = batch.rest.pop(0)
                self.links[user] = menu_id
                if not menu_id:
                    del self.links[user]

    async def user_menu(self, user_id: str) -> str:
        return self.links.get(user_id, "")

    async def link_menu(self, menu_id: str, user_ids: Sequence[str]) -> None:
        def link() -> None:
            self._need(menu_id)
            if menu_id not in self.images:
                raise Refused("must upload richmenu image before applying it to user", status=400)
            self.links.update(dict.fromkeys(user_ids, menu_id))

        self._changing(f"link_menu {menu_id} {len(user_ids)}", link)

    async def unlink_menus(self, user_ids: Sequence[str]) -> None:
        def unlink() -> None:
            for user in user_ids:
                self.links.pop(user, None)

        self._changing(f"unlink_menus {len(user_ids)}", unlink)

    async def coupons(self) -> Sequence[ListedCoupon]:
        running = {one: coupon for one, coupon in self.coupon_book.items() if coupon["status"] != "CLOSED"}
        return [ListedCoupon(one, str(coupon["title"])) for one, coupon in running.items()]

    async def coupon(self, coupon_id: str) -> Mapping[str, Any]:
        if coupon_id not in self.coupon_book:
            raise NotFound("not found", status=404)
        return self.coupon_book[coupon_id]

    async def create_coupon(self, coupon: Mapping[str, Any]) -> str:
        def create() -> str:
            made = f"C{len(self.coupon_book) + 1}"
            self.coupon_book[made] = {**coupon, "couponId": made, "status": "RUNNING"}
            return made

        return str(self._changing(f"create_coupon {coupon['title']}", create))

    async def close_coupon(self, coupon_id: str) -> None:
        def close() -> None:
            if self.coupon_book[coupon_id]["status"] == "CLOSED":
                raise Refused("closed already", status=410)
            self.coupon_book[coupon_id]["status"] = "CLOSED"

        self._changing(f"close_coupon {coupon_id}", close)

    async def audiences(self) -> Sequence[LiveAudience]:
        return self.audience_book.every()

    async def audience_jobs(self, audience_id: int) -> Sequence[AudienceJob]:
        return self.audience_book.jobs_of(audience_id)

    async def create_audience(self, description: str, upload_description: str, user_ids: Sequence[str]) -> int:
        def create() -> int:
            return self.audience_book.upload(description, upload_description, user_ids)

        return int(self._changing("create_audience", create))

    async def add_to_audience(self, audience_id: int, upload_description: str, user_ids: Sequence[str]) -> None:
        def add() -> None:
            self.audience_book.add(audience_id, upload_description, user_ids)

        self._changing(f"add_to_audience {audience_id}", add)

    async def create_click_audience(self, description: str, request_id: str, url: str = "") -> int:
        def create() -> int:
            return self.audience_book.derive("CLICK", description, request_id, url)

        return int(self._changing("create_click_audience", create))

    async def create_impression_audience(self, description: str, request_id: str) -> int:
        def create() -> int:
            return self.audience_book.derive("IMP", description, request_id, "")

        return int(self._changing("create_impression_audience", create))

    async def rename_audience(self, audience_id: int, description: str) -> None:
        self._changing(f"rename_audience {audience_id}", lambda: self.audience_book.rename(audience_id, description))

    async def delete_audience(self, audience_id: int) -> None:
        self._changing(f"delete_audience {audience_id}", lambda: self.audience_book.delete(audience_id))

    async def validate_messages(self, route: Route, messages: Sequence[Mapping[str, Any]]) -> None:
        raise AssertionError("an apply sends nothing")

    async def send(self, route: Route, body: bytes, retry_key: UUID, wanted: Any = None) -> Accepted:
        raise AssertionError("an apply sends nothing")

    async def reply(self, body: bytes, token: str) -> Accepted:
        raise AssertionError("an apply sends nothing")

    async def narrowcast_progress(self, request_id: str) -> NarrowcastProgress:
        raise AssertionError("an apply sends nothing")

    async def followers(self, start: str = "", limit: int = 1000) -> FollowerPage:
        return FollowerPage(tuple(self.links))

    async def profile(self, user_id: str) -> Profile | None:
        return None

    async def link_token(self, user_id: str) -> str:
        raise AssertionError("an apply links nobody")

    async def identify(self, channel_id: str, id_token: str) -> str:
        raise AssertionError("an apply asks for nobody")

    async def close(self) -> None:
        return None


def _check_object(menu: Mapping[str, Any]) -> None:
    for name in ("size", "selected", "name", "chatBarText", "areas"):
        if name not in menu:
            raise Refused("The request body has 1 error(s)", status=400, details=f"{name}: must be specified")
    if len(menu["name"]) > 300 or len(menu["areas"]) > 20:
        raise Refused("The request body has 1 error(s)", status=400)
