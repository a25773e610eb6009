"""Our facts about LINE's objects, held against LINE's official OpenAPI: names, lengths, counts, words, endpoints.

LINE's reference and its OpenAPI do not always agree; where we follow the reference, the disagreement is listed here,
and the test fails as soon as it is gone.
"""

from __future__ import annotations

from typing import Any

import pytest

from lineform.lineapi import demographics, flex, imagemap, limits
from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.coupons import ACQUISITION, COUPON, REWARD, STATUSES
from lineform.lineapi.messages import MESSAGE
from lineform.lineapi.rates import LIMITS, OTHERS, UNLIMITED
from lineform.lineapi.richmenu import RICHMENU
from lineform.lineapi.shapes import Bool, List, Num, Obj, Shape, Str, Table, Union, Url
from lineform.lineapi.templates import TEMPLATE
from support.line_openapi import endpoints, flattened, schemas


def _objects() -> dict[str, list[Obj]]:
    found: dict[str, list[Obj]] = {}
    seen: set[int] = set()
    todo: list[Shape] = [MESSAGE, RICHMENU, COUPON, *ACTIONS.values()]
    while todo:
        shape = todo.pop()
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        match shape:
            case Obj():
                found.setdefault(shape.name.partition(".")[0], []).append(shape)
                todo += shape.fields.values()
            case Union():
                todo += shape.variants.values()
            case List() | Table():
                todo.append(shape.item)
    return found


OBJECTS = _objects()
FIELDS = [(shape.name, shape, key) for shapes in OBJECTS.values() for shape in shapes for key in shape.fields]

MORE_REQUIRED = {
    "Emoji": {"index", "productId", "emojiId"},
    "QuickReply": {"items"},
    "QuickReplyItem": {"type", "action"},
    "ImagemapVideo": {"originalContentUrl", "previewImageUrl", "area"},
    "ImagemapExternalLink": {"linkUri", "label"},
    "FlexBoxLinearGradient": {"angle", "startColor", "endColor"},
    "RichMenuRequest": {"size", "selected", "name", "chatBarText", "areas"},
    "RichMenuSize": {"width", "height"},
    "RichMenuArea": {"bounds", "action"},
    "RichMenuBounds": {"x", "y", "width", "height"},
    "PostbackAction": {"type", "data"},
    "MessageAction": {"type", "text"},
    "URIAction": {"type", "uri"},
    "DatetimePickerAction": {"type", "data", "mode"},
    "ClipboardAction": {"type"},
    "RichMenuSwitchAction": {"type", "richMenuAliasId", "data"},
    "CouponCreateRequest": {"reward"},
    "DiscountFixedPriceInfoRequest": {"fixedAmount"},
    "DiscountPercentagePriceInfoRequest": {"percentage"},
    "DiscountExplicitPriceInfoRequest": {"originalPrice", "priceAfterDiscount"},
    "CashBackFixedPriceInfoRequest": {"fixedAmount"},
    "CashBackPercentagePriceInfoRequest": {"percentage"},
    "CameraAction": {"type"},
    "CameraRollAction": {"type"},
    "LocationAction": {"type"},
}
"""What the reference requires and the OpenAPI does not. A label is required by place and looked at apart."""

NARROWER_NUMBERS = {
    ("RichMenuSize", "width"): (800, 2500),
    ("RichMenuSize", "height"): (250, None),
}
"""The reference states the sizes that an image may have; the OpenAPI any positive number of 32 bits."""


def test_every_shape_has_a_schema_of_the_same_name() -> None:
    assert set(OBJECTS) <= set(schemas())


@pytest.mark.parametrize("name", OBJECTS)
def test_a_shape_has_the_properties_of_its_schema(name: str) -> None:
    expected = set(flattened(name)["properties"])
    for shape in OBJECTS[name]:
        assert set(shape.fields) == expected


@pytest.mark.parametrize("name", OBJECTS)
def test_a_shape_requires_what_its_schema_requires_and_what_the_reference_adds(name: str) -> None:
    schema_requires = flattened(name)["required"]
    for shape in OBJECTS[name]:
        mine = (
            set(shape.required) - {"label"}
            if name.endswith("Action") and "Imagemap" not in name
            else set(shape.required)
        )
        assert mine - schema_requires == MORE_REQUIRED.get(name, set())
        assert schema_requires <= mine


@pytest.mark.parametrize(("name", "shape", "key"), FIELDS, ids=[f"{name}.{key}" for name, _, key in FIELDS])
def test_a_property_has_the_type_and_the_limits_of_its_schema(name: str, shape: Obj, key: str) -> None:
    base = name.partition(".")[0]
    given = flattened(base)["properties"][key]
    field = shape.fields[key]
    kind = given.get("type", "object")
    match field:
        case Str() | Url():
            assert kind == "string"
        case Bool():
            assert kind == "boolean"
        case Num():
            assert kind == ("integer" if field.whole else "number")
        case List():
            assert kind == "array"
        case _:
            assert kind == "object"
    if "maxLength" in given:
        assert _max(field) == given["maxLength"]
    if "maxItems" in given:
        assert isinstance(field, List)
        assert field.max == given["maxItems"]
    if "enum" in given:
        assert isinstance(field, Str)
        assert set(field.words) == set(given["enum"])
    if "minimum" in given:
        assert isinstance(field, Num)
        low, high = NARROWER_NUMBERS.get((base, key), (given["minimum"], given["maximum"]))
        assert (field.min, field.max) == (low, high)


def _max(field: Shape) -> int | None:
    assert isinstance(field, Str | Url)
    return field.max


UNIONS: list[tuple[str, set[str]]] = [
    ("Message", set(MESSAGE.variants)),
    ("Template", set(TEMPLATE.variants)),
    ("ImagemapAction", set(imagemap.ACTION.variants)),
    ("FlexContainer", set(flex.CONTAINER.variants)),
    ("FlexComponent", set(flex.COMPONENT.variants) | set(flex.COMPONENT.elsewhere)),
    ("CouponRewardRequest", set(REWARD.variants)),
    ("AcquisitionConditionRequest", set(ACQUISITION.variants)),
    ("Action", {kind for place in Place for kind in ACTIONS[place].variants}),
]


@pytest.mark.parametrize(("name", "kinds"), UNIONS, ids=[name for name, _ in UNIONS])
def test_a_union_knows_every_type_of_its_schema(name: str, kinds: set[str]) -> None:
    assert kinds == set(schemas()[name]["discriminator"]["mapping"])


def test_every_status_of_a_coupon_is_known() -> None:
    assert list(STATUSES) == _given("CouponResponse", "status")["enum"]


KEYWORDS: list[tuple[str, Str]] = [
    ("FlexBoxBorderWidth", flex.BORDER),
    ("FlexBoxCornerRadius", flex.SPACE),
    ("FlexBoxSpacing", flex.SPACE),
    ("FlexMargin", flex.SPACE),
    ("FlexBoxPadding", flex.PADDING),
    ("FlexOffset", flex.OFFSET),
    ("FlexImageSize", flex.IMAGE_SIZE),
    ("FlexIconSize", flex.ICON_SIZE),
    ("FlexTextFontSize", flex.TEXT_SIZE),
    ("FlexSpanSize", flex.TEXT_SIZE),
]


@pytest.mark.parametrize(("name", "shape"), KEYWORDS, ids=[name for name, _ in KEYWORDS])
def test_a_size_knows_every_keyword_of_its_schema(name: str, shape: Str) -> None:
    assert list(shape.words) == schemas()[name]["enum"]


def _given(name: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = flattened(name)["properties"][key]
    return found


@pytest.mark.parametrize(
    ("mine", "name", "key", "word"),
    [
        (limits.MESSAGES_PER_REQUEST, "PushMessageRequest", "messages", "maxItems"),
        (limits.MESSAGES_PER_REQUEST, "ValidateMessageRequest", "messages", "maxItems"),
        (limits.MULTICAST_RECIPIENTS, "MulticastRequest", "to", "maxItems"),
        (limits.UNITS_PER_MESSAGE, "MulticastRequest", "customAggregationUnits", "maxItems"),
        (limits.RICHMENU_BULK_USERS, "RichMenuBulkLinkRequest", "userIds", "maxItems"),
        (limits.RICHMENU_BULK_USERS, "RichMenuBulkUnlinkRequest", "userIds", "maxItems"),
        (limits.RICHMENU_BATCH_OPERATIONS, "RichMenuBatchRequest", "operations", "maxItems"),
        (limits.RICHMENU_ALIAS, "CreateRichMenuAliasRequest", "richMenuAliasId", "maxLength"),
        (f"^{limits.RICHMENU_ALIAS_PATTERN}$", "CreateRichMenuAliasRequest", "richMenuAliasId", "pattern"),
        (limits.RICHMENU_AREAS, "RichMenuResponse", "areas", "maxItems"),
        (limits.WEBHOOK_URL, "SetWebhookEndpointRequest", "endpoint", "maxLength"),
        (limits.LOADING_SECONDS[0], "ShowLoadingAnimationRequest", "loadingSeconds", "minimum"),
        (limits.LOADING_SECONDS[1], "ShowLoadingAnimationRequest", "loadingSeconds", "maximum"),
        (limits.COUPON_TITLE, "CouponCreateRequest", "title", "maxLength"),
        (limits.COUPON_DESCRIPTION, "CouponCreateRequest", "description", "maxLength"),
        (limits.COUPON_USAGE_CONDITION, "CouponCreateRequest", "usageCondition", "maxLength"),
        (limits.COUPON_LOTTERY_MAX, "LotteryAcquisitionConditionRequest", "lotteryProbability", "maximum"),
        (limits.COUPON_ACQUIRE_MAX, "LotteryAcquisitionConditionRequest", "maxAcquireCount", "maximum"),
    ],
)
def test_a_limit_of_a_request_is_the_schemas(mine: object, name: str, key: str, word: str) -> None:
    assert _given(name, key)[word] == mine


NOT_IN_THE_RATE_TABLE = {"POST /module/auth/v1/token"}
"""Served by manager.line.biz, not by the Messaging API."""


def test_every_endpoint_is_known_to_the_rates() -> None:
    assert {*LIMITS, *OTHERS, *UNLIMITED} == endpoints() - NOT_IN_THE_RATE_TABLE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GenderDemographic", demographics.GENDERS),
        ("AppTypeDemographic", demographics.APPS),
        ("AreaDemographic", demographics.AREAS),
        ("AgeDemographic", tuple(f"age_{years}" for years in demographics.AGES)),
        ("SubscriptionPeriodDemographic", tuple(f"day_{days}" for days in demographics.FRIEND_FOR_DAYS)),
    ],
)
def test_the_words_of_the_demographic_filter_are_the_schemas(name: str, words: tuple[str, ...]) -> None:
    assert set(words) == set(schemas()[name]["enum"])
