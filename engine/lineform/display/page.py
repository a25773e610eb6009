"""One complete page: self-contained, light and dark, and closed to whatever a message might smuggle in.

The content security policy is the second lock behind the escaping: no script runs but the one handed to `page_html`,
pictures come over https or as data, and nothing else is loaded.
"""

from __future__ import annotations

import base64
import hashlib

from lineform.display.markup import Html, div, element, joined, picture_address, span, text, web_address
from lineform.display.style import STYLE as _STYLE

__all__ = ["STYLE", "Html", "div", "element", "joined", "page_html", "picture_address", "span", "text", "web_address"]

STYLE: str = _STYLE
"""The one stylesheet, for pages that are put together elsewhere."""


def page_html(title: str, body: str, *, lang: str = "ja", script: str = "") -> str:
    """A page with the body inside `<main>`. The body is markup already; the title is text and is escaped.

    `script` is our own JavaScript, never anything from a message; the policy names its hash and may then talk to the
    page's own origin. Raises ValueError if it holds `</script` or `<!--`, which would end it early.
    """
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("A page's script may not hold `</script` or `<!--`: it would end there.")
    head = joined(
        [
            element("meta", {"charset": "utf-8"}),
            element("meta", {"http-equiv": "Content-Security-Policy", "content": _policy(script)}),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("meta", {"name": "referrer", "content": "no-referrer"}),
            # An empty picture, or every browser asks the server for a favicon.
            element("link", {"rel": "icon", "href": "data:,"}),
            element("title", None, title),
            Html(f"<style>{STYLE}</style>"),
        ]
    )
    code = Html(f"<script>{script}</script>") if script else Html("")
    main = element("main", None, Html(body))
    whole = element("html", {"lang": lang}, element("head", None, head), element("body", None, main, code))
    return f"<!DOCTYPE html>\n{whole}\n"


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() if script else ""
    running = f"script-src 'sha256-{digest}'; connect-src 'self'; " if script else ""
    return (
        f"default-src 'none'; {running}img-src https: data: 'self'; style-src 'unsafe-inline'; "
        "form-action 'self'; base-uri 'none'"
    )
