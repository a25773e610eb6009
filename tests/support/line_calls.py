"""A plain HTTP client for the offline account, so that its tests depend on no client of ours or LINE's."""

from __future__ import annotations

import http.client
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

TOKEN = "token"
"""The token that test accounts are given."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        return self.headers["x-line-request-id"]


class Line:
    """Calls with one channel access token; header names of replies are in lower case."""

    def __init__(self, origin: str, token: str = TOKEN) -> None:
        self._host = urlsplit(origin).netloc
        self.token = token

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        key: str | None = None,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if key is not None:
            sent["X-Line-Retry-Key"] = key
        data = body
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            data = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self._host, timeout=20)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Reply:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.call("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        return self.call("DELETE", path, **more)

    # --- the steps that many tests begin with
    def push(self, user: str, text: str = "hello", *, key: str | None = None, **more: Any) -> Reply:
        return self.post("/v2/bot/message/push", {"to": user, "messages": [a_text(text)], **more}, key=key)

    def upload(self, menu: str, image: bytes, kind: str = "image/png") -> Reply:
        return self.post(f"/v2/bot/richmenu/{menu}/content", image, headers={"Content-Type": kind})

    def new_menu(self, name: str = "menu", *, areas: list[dict[str, Any]] | None = None, image: bool = True) -> str:
        """The id of a menu that can be shown."""
        made = self.post("/v2/bot/richmenu", a_menu(name, areas=areas))
        assert made.status == 200, made.body
        menu: str = made.json["richMenuId"]
        if image:
            assert self.upload(menu, an_image()).status == 200
        return menu


def a_text(text: str = "hello") -> dict[str, Any]:
    return {"type": "text", "text": text}


def an_area(action: dict[str, Any]) -> dict[str, Any]:
    return {"bounds": {"x": 0, "y": 0, "width": 100, "height": 100}, "action": action}


def a_menu(name: str = "menu", *, areas: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    tap = an_area({"type": "message", "label": "hi", "text": "hi"})
    return {
        "size": {"width": 800, "height": 540},
        "selected": False,
        "name": name,
        "chatBarText": "Menu",
        "areas": [tap] if areas is None else areas,
    }


def an_image(width: int = 800, height: int = 540, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (20, 120, 60)).save(out, kind)
    return out.getvalue()


def a_file(ids: list[str], kind: str = "text/plain", **fields: str) -> tuple[bytes, dict[str, str]]:
    """A form with a file of one id a line, as body and headers."""
    mark = "formboundary7d1"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}' for name in fields]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="ids.txt"\r\nContent-Type: {kind}'
    text = "\r\n".join([*parts, f"{head}\r\n\r\n" + "\n".join(ids), f"--{mark}--", ""])
    return text.encode(), {"Content-Type": f"multipart/form-data; boundary={mark}"}


def a_coupon(**fields: Any) -> dict[str, Any]:
    """A coupon as it is created; it ends far away."""
    return {
        "title": "a coupon",
        "startTimestamp": 1_700_000_000,
        "endTimestamp": 4_000_000_000,
        "timezone": "ASIA_TOKYO",
        "maxUseCountPerTicket": 1,
        "visibility": "UNLISTED",
        "acquisitionCondition": {"type": "normal"},
        "reward": {"type": "gift"},
        **fields,
    }
