"""A friend's own pages in messages: ``{{ page.profile }}`` is the form, ``{{ page.member }}`` the linking to a member.

The address holds a signed pass, which is made when the message is written down, and written nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from lineform.scenarios.dialogue import Form
from lineform.scenarios.passes import FORM, MEMBER, Pass, pass_url
from lineform.sending.links import Keys

MEMBER_FOR: Final = timedelta(days=7)
"""How long the pass to the linking is good."""


def pages_of(
    names: Iterable[str], friend: int, account: str, forms: Mapping[str, Form], keys: Keys | None, now: datetime
) -> dict[str, str]:
    """The addresses of these pages for one friend; what cannot be had is left out, and then the message is not made."""
    wanted = sorted(names)
    if not wanted or keys is None:
        return {}
    signing = keys()
    out = {}
    for name in wanted:
        form = forms.get(name)
        if name == MEMBER:
            one = Pass(MEMBER, "", friend, now + MEMBER_FOR)
        elif form is not None and form.page is not None:
            one = Pass(FORM, name, friend, now + form.page.valid)
        else:
            continue
        out[name] = pass_url(signing.base, signing.key, account, one)
    return out
