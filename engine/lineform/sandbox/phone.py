"""One friend's phone: the chat, the menu under it, and everything that a person can do there.

The page asks every half second whether anything is new and takes it in; taps, texts and the follow button go to the
same paths of `/_sandbox/` that a test uses.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lineform.display.bubbles import ChatEntry, conversation_html
from lineform.display.menus import richmenu_html
from lineform.display.page import Html, div, element, joined, page_html
from lineform.sandbox import console
from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import JST
from lineform.sandbox.people import menu_seen, person
from lineform.sandbox.world import World

SHOWN = 100
"""Entries of a chat that are shown, the latest."""


def phone_page(world: World, account: Account, user: str) -> str:
    """The whole page."""
    row = person(world, account, user)
    name = str(json.loads(row["profile"]).get("displayName", ""))
    where = f"/_sandbox/accounts/{quote(account.name, safe='')}/friends/{quote(user, safe='')}"
    body = joined(
        [
            element("h1", None, name),
            element("p", None, f"{account.settings.display_name} ({account.name})"),
            element("div", {"id": "phone", "data-of": where}, phone_parts(world, account, user)),
            element(
                "form",
                {"id": "write", "class": "lf-write"},
                element("input", {"name": "text", "autocomplete": "off", "aria-label": "message", "maxlength": "5000"}),
                element("button", {"type": "submit"}, "送信"),
            ),
            element("p", {"id": "trouble", "role": "alert"}, ""),
        ]
    )
    return page_html(f"{name} - {account.name}", body, script=SCRIPT)


def phone_parts(world: World, account: Account, user: str) -> Html:
    """What changes: the friendship, the chat, the menu. `data-stamp` says which state it is of."""
    row = person(world, account, user)
    entries = sorted((*_received(world, account, user), *_done(world, account, user)), key=lambda entry: entry.at)
    parts: list[Html] = [
        _friendship(row["relation"]),
        Html(conversation_html(entries[-SHOWN:], name=account.settings.display_name)),
    ]
    menu = menu_seen(world, account, row)
    if menu is not None:
        source = ""
        if menu["image"]:
            source = f"data:{menu['image_type']};base64,{base64.b64encode(menu['image']).decode()}"
        parts.append(Html(richmenu_html(json.loads(menu["menu"]), source)))
    inside = joined(parts)
    stamp = hashlib.sha256(inside.encode()).hexdigest()[:16]
    return element("div", {"id": "parts", "class": "lf-phone", "data-stamp": stamp}, inside)


def _friendship(relation: str) -> Html:
    """Whether they are friends, and the one button that changes it."""
    words, does, button = {
        "friend": ("友だち", "blocked", "ブロック"),
        "blocked": ("ブロック中", "friend", "ブロック解除"),
        "stranger": ("友だちではありません", "friend", "友だち追加"),
    }.get(relation, (relation, "", ""))
    doing = [element("button", {"type": "button", "data-relation": does}, button)] if does else []
    return div("lf-friendship", element("span", {"id": "relation"}, words), " ", *doing)


def _received(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    for entry in console.deliveries(world, account, user):
        at = datetime.fromisoformat(entry["time"]).astimezone(JST)
        for message in entry["messages"]:
            yield ChatEntry(at, message)


def _done(world: World, account: Account, user: str) -> Iterator[ChatEntry]:
    sql = "select time, event from events where account=? and json_extract(event, '$.source.userId')=? order by id"
    for row in world.state.all(sql, account.id, user):
        event: dict[str, Any] = json.loads(row["event"])
        at = datetime.fromtimestamp(row["time"], JST)
        if event["type"] == "message":
            yield ChatEntry(at, event["message"], by="friend")
        elif event["type"] == "postback":
            yield ChatEntry(at, by="note", note=f"tap: {event['postback']['data']}")
        else:
            yield ChatEntry(at, by="note", note=event["type"])


SCRIPT = """
"use strict";
const phone = document.getElementById("phone");
const trouble = document.getElementById("trouble");
const where = phone.dataset.of;
let busy = false;

function scroll() {
  const chat = phone.querySelector(".lf-chat");
  if (chat) { chat.scrollTop = chat.scrollHeight; }
}
async function look() {
  if (busy) { return; }
  busy = true;
  try {
    const answer = await fetch(where + "/phone");
    if (answer.ok) {
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("parts");
      const shown = document.getElementById("parts");
      if (made && made.dataset.stamp !== shown.dataset.stamp) { shown.replaceWith(made); scroll(); }
    }
  } catch (error) { trouble.textContent = "the offline account does not answer"; }
  busy = false;
}
async function act(path, body) {
  trouble.textContent = "";
  const answer = await fetch(where + path, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)
  });
  if (!answer.ok) { trouble.textContent = (await answer.json()).error || "refused"; }
  await look();
}
function pick(action, then) {
  const kind = {date: "date", time: "time", datetime: "datetime-local"}[action.mode] || "text";
  const dialog = document.createElement("dialog");
  const input = document.createElement("input");
  const ready = document.createElement("button");
  input.type = kind; input.value = action.initial || ""; input.min = action.min || ""; input.max = action.max || "";
  ready.textContent = "OK";
  ready.addEventListener("click", () => { dialog.close(); dialog.remove(); then(input.value); });
  dialog.append(input, ready);
  document.body.append(dialog);
  dialog.showModal();
}
phone.addEventListener("click", (event) => {
  const relation = event.target.closest("[data-relation]");
  if (relation) { act("/relation", {relation: relation.dataset.relation}); return; }
  const tapped = event.target.closest("[data-action]");
  if (!tapped) { return; }
  const action = JSON.parse(tapped.dataset.action);
  if (action.type === "uri") { return; }
  event.preventDefault();
  if (action.type === "datetimepicker") {
    pick(action, (picked) => { if (picked) { act("/tap", {action: {...action, picked: picked}}); } });
    return;
  }
  act("/tap", {action: action});
});
phone.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.closest("[data-action]")) { event.target.click(); }
});
document.getElementById("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = event.target.elements.text;
  if (text.value) { act("/write", {text: text.value}); text.value = ""; }
});
scroll();
setInterval(look, 500);
"""
START_SCRIPT = """
"use strict";
for (const button of document.querySelectorAll("[data-new-phone]")) {
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.newPhone + "/friends", {
      method: "POST", headers: {"Content-Type": "application/json"},
      body: JSON.stringify({friends: [{relation: "stranger"}]})
    });
    if (answer.ok) { location.href = button.dataset.phones + (await answer.json())[0]; }
  });
}
"""
"""Makes a person who is no friend yet, and opens their phone."""
