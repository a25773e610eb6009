"""The demo, as ``make demo`` runs it, with fewer people and days."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.command_line import SALON, Run


def test_the_demo_ends_with_a_page_of_everything_it_did(workspace: Path, run: Run) -> None:
    ended = run("demo", "--days", "2", "--friends", "30")
    assert ended.code == 0, ended.err
    assert "campaign.winter-offer" in ended.out
    page = (workspace / ".lineform" / "demo" / "index.html").read_text(encoding="utf-8")
    for shown in ("美容室あおば", "北進学習塾", "richmenu.main", "冬のご案内", "data:image/png;base64,"):
        assert shown in page
    welcome, thanks = "友だち追加ありがとうございます🐟", "ご注文ありがとうございます🌿"
    for lived in (welcome, thanks, "グラスワイン一杯無料クーポン", "会員カードを連携"):
        assert lived in page, "people of every client do something, and are answered"
    assert "が再入荷しました。" in page
    assert "friends: " in ended.out
    assert "people meant" in page
    assert "e.g. " in page
    assert "only LINE knows it yet" in page
    assert "http-equiv" in page, "the page's own policy keeps it from loading anything"
    with SandboxServer(workspace / ".lineform" / "demo" / "line.db") as server:
        assert Control(server.origin).deliveries(SALON)


def test_a_new_workspaces_campaign_falls_into_the_days_of_its_demo(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", str(tmp_path / "new")).code == 0
    monkeypatch.chdir(tmp_path / "new")
    ended = run("demo", "--days", "2", "--friends", "30")
    assert ended.code == 0, ended.err
    assert "campaign.thank-you           sent" in ended.out
