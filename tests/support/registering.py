"""A small salon: its menu leads new friends into a form, its scenario waits for that, and its rules know who is done.

The form asks in every way that a chat has: quick replies, a text, LINE's date picker, and buttons.
"""

from __future__ import annotations

from typing import Final

NAME, BOT = "aoba", "U0123456789abcdef0123456789abcdef"
FILES: Final = {
    "lineform.yaml": "kind: project\nname: shop\ndefaults: {timezone: Asia/Tokyo}\n",
    "clients/aoba.yaml": f"""\
        kind: client
        name: {NAME}
        title: 美容室あおば
        bot: {BOT}
        token: {{env: AOBA_TOKEN}}
        secret: {{env: AOBA_SECRET}}
        uses: {{richmenus: ["*"], replies: ["*"], forms: ["*"]}}
        """,
    "segments/words.yaml": """\
        kind: attributes
        name: words
        attributes:
          name: {type: text}
          birthday: {type: date}
          gender: {type: enum, values: [female, male, other]}
        tags: {registered: {}, newsletter: {}}
        """,
    "richmenus/main.yaml": """\
        kind: richmenu
        name: main
        bar: メニュー
        size: compact
        grid: [2, 1]
        default: true
        cells:
          - {at: A1, label: アクセス, icon: map, message: 場所を教えて}
          - {at: B1, label: 会員登録, icon: person, postback: {data: register, displayText: 会員登録する}}
        """,
    "richmenus/members.yaml": """\
        kind: richmenu
        name: members
        bar: 会員メニュー
        size: compact
        grid: [2, 1]
        theme: sea
        cells:
          - {at: A1, label: 会員証, icon: star, message: 会員証を見せて}
          - {at: B1, label: ご予約, icon: calendar, message: 予約したい}
        """,
    "clients/aoba/richmenus/rules.yaml": """\
        kind: menu-rules
        name: rules
        rules: [{if: {tag: registered}, menu: members}]
        default: none
        """,
    "replies/register.yaml": """\
        kind: reply
        name: register
        when: [{tap: main/B1}]
        do: [{form: profile}]
        """,
    "forms/profile.yaml": """\
        kind: form
        name: profile
        questions:
          - field: gender
            ask: 性別を教えてください。
            choice: [{value: female, label: 女性}, {value: male, label: 男性}, {value: other, label: 答えない}]
            to: gender
          - field: name
            ask: お呼びするお名前を教えてください。
            text: {at_most: 20}
            to: name
          - field: birthday
            ask: お誕生日はいつですか？
            date: {min: "1926-01-01", max: today, initial: "1990-01-01"}
            to: birthday
          - field: news
            ask: お知らせをお送りしてもよろしいですか？
            yes_no: {tag: newsletter}
            shown: buttons
        done: [{tag: registered}]
        """,
    "clients/aoba/scenarios/welcome.yaml": """\
        kind: scenario
        name: welcome
        trigger: follow
        steps:
          - id: greeting
            send: [{text: 友だち追加ありがとうございます。メニューの「会員登録」からどうぞ。}]
            wait:
              for: {form: profile}
              within: 7d
              then:
                - send: [{text: "{{ friend.name | default('お客様') }}さま、ご登録ありがとうございます。"}]
        """,
}
"""Files by path, for `support.workspaces.write`."""
