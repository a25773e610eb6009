"""Pages for people: server-made HTML in Japanese, for phones first, light and dark, with or without JavaScript.

All text is escaped by `lineform.display.markup`; the policy of each page names what may run and load.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from starlette.responses import HTMLResponse

from lineform.display.markup import Html, div, element, joined

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--wall:#f4f5f7;--ink:#1c1e21;--soft:#5c6370;--line:#8b929c;--main:#04793a;
--onmain:#fff;--bad:#b3261e;--badwall:#fdecea}
@media(prefers-color-scheme:dark){:root{--paper:#1f2226;--wall:#141619;--ink:#eef0f2;--soft:#b0b7c0;--line:#7b838d;
--main:#4cc77d;--onmain:#06210f;--bad:#ffb4ab;--badwall:#3b1f1d}}
*{box-sizing:border-box}
body{margin:0;background:var(--wall);color:var(--ink);overflow-wrap:anywhere;
font:16px/1.6 system-ui,"Hiragino Sans","Noto Sans CJK JP",sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1{font-size:1.375rem;line-height:1.4;margin:.25rem 0 1rem}
p{margin:.5rem 0}.soft{color:var(--soft);font-size:.9375rem}
.card{background:var(--paper);border-radius:12px;padding:1rem;margin:0 0 1rem}
fieldset{border:0;margin:0;padding:0;min-width:0}
legend,.ask{display:block;font-weight:600;padding:0;margin:0 0 .5rem;white-space:pre-line}
.must{color:var(--bad);font-size:.8125rem;font-weight:600;margin-left:.5rem;white-space:nowrap}
.may{color:var(--soft);font-size:.8125rem;font-weight:400;margin-left:.5rem;white-space:nowrap}
input[type=text],input[type=date],input[type=email],input[type=tel],textarea{width:100%;min-height:3rem;font:inherit;
color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.625rem .75rem}
textarea{min-height:6rem;resize:vertical}
.choice{display:flex;align-items:center;gap:.75rem;min-height:3rem;padding:.25rem .5rem;border-radius:8px}
.choice input{width:1.375rem;height:1.375rem;margin:0;flex:none;accent-color:var(--main)}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}
.wrong{color:var(--bad);font-weight:600;margin:.5rem 0 0}
.alert{background:var(--badwall);border:1px solid var(--bad);border-radius:12px;padding:.75rem 1rem;margin:0 0 1rem}
.alert a{color:var(--bad)}[aria-invalid=true]{border-color:var(--bad)!important;border-width:2px}
.button{display:block;width:100%;min-height:3.25rem;border:0;border-radius:12px;background:var(--main);
color:var(--onmain);font:inherit;font-weight:700;text-align:center;text-decoration:none;padding:.8125rem 1rem;
cursor:pointer}
.qr{display:block;width:12rem;height:12rem;margin:1rem auto;background:#fff;border-radius:12px;padding:.5rem}
"""


def page(title: str, *body: str, script: str = "", line: bool = False, status: int = 200) -> HTMLResponse:
    """A whole page. `script` is our own JavaScript; `line` lets LINE's LIFF library be loaded and speak to LINE."""
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("A page's script may not hold `</script` or `<!--`: it would end there.")
    sdk = Html('<script src="https://static.line-scdn.net/liff/edge/2/sdk.js"></script>') if line else Html("")
    head = joined(
        [
            element("meta", {"charset": "utf-8"}),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("meta", {"name": "robots", "content": "noindex"}),
            element("link", {"rel": "icon", "href": "data:,"}),
            element("title", None, title),
            Html(f"<style>{STYLE}</style>"),
        ]
    )
    code = Html(f"<script>{script}</script>") if script else Html("")
    main = element("main", None, *body)
    whole = element("html", {"lang": "ja"}, element("head", None, head), element("body", None, main, sdk, code))
    headers = {
        "Content-Security-Policy": _policy(script, line=line),
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
    }
    return HTMLResponse(f"<!DOCTYPE html>\n{whole}\n", status, headers)


def _policy(script: str, *, line: bool) -> str:
    running = []
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        running.append(f"'sha256-{digest}'")
    if line:
        running.append("https://static.line-scdn.net")
    parts = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src 'self' data:", "form-action 'self'"]
    parts += ["base-uri 'none'", "frame-ancestors 'none'"]
    if running:
        parts.append(f"script-src {' '.join(running)}")
        parts.append("connect-src 'self'" + (" https://*.line.me https://*.line-scdn.net" if line else ""))
    return "; ".join(parts)


_AGAIN = element("p", None, "トーク画面からもう一度お開きください。")


def closed(status: int = 404) -> HTMLResponse:
    """The same for whatever cannot be opened: nobody learns why."""
    return page(
        "ページを開けません",
        element("h1", None, "このページは開けません"),
        div("card", element("p", None, "リンクの期限が切れたか、リンクが正しくありません。"), _AGAIN),
        status=status,
    )


def notice(title: str, *lines: str, status: int = 200) -> HTMLResponse:
    """A few sentences."""
    said = div("card", *(element("p", None, one) for one in lines if one))
    return page(title, element("h1", None, title), said, status=status)
