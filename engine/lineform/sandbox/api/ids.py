"""How LINE's ids look (https://developers.line.biz/en/reference/messaging-api/#common-specifications)."""

from __future__ import annotations

import re

_USER = re.compile(r"U[0-9a-f]{32}\Z")
_CHAT = re.compile(r"[UCR][0-9a-f]{32}\Z")
_MENU = re.compile(r"richmenu-[0-9a-f]{32}\Z")
_ALIAS = re.compile(r"[a-z0-9_-]{1,32}\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_RESUME_KEY = re.compile(r"[0-9a-zA-Z\-_]{1,100}\Z")


def is_user_id(value: object) -> bool:
    """Whether a value has the form of a friend's id."""
    return isinstance(value, str) and _USER.match(value) is not None


def is_chat_id(value: object) -> bool:
    """A person, a group or a room."""
    return isinstance(value, str) and _CHAT.match(value) is not None


def is_menu_id(value: object) -> bool:
    """Whether a value has the form of a rich menu's id."""
    return isinstance(value, str) and _MENU.match(value) is not None


def is_alias_id(value: object) -> bool:
    """Whether a value has the form of an alias's id."""
    return isinstance(value, str) and _ALIAS.match(value) is not None


def is_uuid(value: object) -> bool:
    """Whether a value is a UUID, as retry keys and request ids are."""
    return isinstance(value, str) and _UUID.match(value) is not None


def is_resume_key(value: object) -> bool:
    """Whether a value has the form of the key under which a batch is resumed."""
    return isinstance(value, str) and _RESUME_KEY.match(value) is not None
