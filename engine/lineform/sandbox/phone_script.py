"""What the phone's page does by itself: it looks for news, performs taps, asks for dates.

Only what changed is put in anew, so that the picture of a menu does not flicker, a screen reader reads new messages
alone, and the keyboard stays where it was.
"""

from __future__ import annotations

SCRIPT = """
"use strict";
const phone = document.getElementById("phone");
const trouble = document.getElementById("trouble");
const chat = document.getElementById("chat");
const text = document.getElementById("write").elements.text;
const where = phone.dataset.of;
const SILENT = "the offline account does not answer";
let busy = false;

function scroll() { chat.scrollTop = chat.scrollHeight; }
function renew(shown, made) {
  const old = [...shown.children], fresh = [...made.children];
  let same = 0;
  while (same < old.length && same < fresh.length && old[same].isEqualNode(fresh[same])) { same += 1; }
  old.slice(same).forEach((gone) => gone.remove());
  shown.append(...fresh.slice(same));
  return same < Math.max(old.length, fresh.length);
}
function take(made) {
  const held = document.activeElement, of = held.closest("#chat, #menu, #friendship");
  for (const id of ["friendship", "menu"]) { renew(document.getElementById(id), made.getElementById(id)); }
  if (renew(chat.firstElementChild, made.getElementById("chat").firstElementChild)) { scroll(); }
  if (!of || held.isConnected) { return; }
  const again = [...of.querySelectorAll("[data-action]")].find((one) => one.dataset.action === held.dataset.action);
  const next = again || of.querySelector(".lf-quick [data-action], [data-relation]") || chat;
  next.focus({preventScroll: true});
}
async function look() {
  if (busy) { return; }
  busy = true;
  try {
    const answer = await fetch(where + "/phone");
    if (answer.ok) { take(new DOMParser().parseFromString(await answer.text(), "text/html")); }
    if (trouble.textContent === SILENT) { trouble.textContent = ""; }
  } catch (error) { trouble.textContent = SILENT; }
  busy = false;
}
async function act(path, body) {
  trouble.textContent = "";
  try {
    const answer = await fetch(where + path, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)
    });
    if (!answer.ok) { trouble.textContent = (await answer.json()).error || "refused"; }
  } catch (error) { trouble.textContent = SILENT; }
  await look();
}
function build(name, properties, ...children) {
  const one = Object.assign(document.createElement(name), properties);
  one.append(...children);
  return one;
}
function pick(action, then) {
  const type = {date: "date", time: "time", datetime: "datetime-local"}[action.mode] || "text";
  const moment = (value) => (value || "").replace("t", "T");
  const input = build("input", {
    type: type, required: true, value: moment(action.initial), min: moment(action.min), max: moment(action.max)
  });
  const away = build("button", {type: "button"}, "キャンセル");
  const dialog = build("dialog", {className: "lf-pick"}, build("form", {method: "dialog"},
    build("label", {}, action.label || "日時", input),
    build("div", {}, build("button", {value: "picked"}, "送信"), away)));
  away.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "picked") { then(input.value); }
  });
  document.body.append(dialog);
  dialog.showModal();
}
function perform(action) {
  if (action.type === "datetimepicker") {
    pick(action, (picked) => act("/tap", {action: {...action, picked: picked}}));
    return;
  }
  if (action.inputOption === "openKeyboard") { text.value = action.fillInText || ""; text.focus(); }
  act("/tap", {action: action});
}
phone.addEventListener("click", (event) => {
  const relation = event.target.closest("[data-relation]");
  if (relation) { act("/relation", {relation: relation.dataset.relation}); return; }
  const tapped = event.target.closest("[data-action]");
  if (!tapped) { return; }
  const action = JSON.parse(tapped.dataset.action);
  if (action.type === "uri") { return; }
  event.preventDefault();
  perform(action);
});
phone.addEventListener("keydown", (event) => {
  const button = event.target.closest("[data-action][role=button]");
  if (!button || event.repeat || (event.key !== "Enter" && event.key !== " ")) { return; }
  event.preventDefault();
  button.click();
});
document.getElementById("write").addEventListener("submit", (event) => {
  event.preventDefault();
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
