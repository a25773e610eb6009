"""The workspace that is lived in: six scenarios that overlap, under a weekly limit, a gap and quiet hours."""

from __future__ import annotations

from datetime import timedelta

WEEK, GAP = 4, timedelta(hours=4)
LIMITED = frozenset({"welcome", "bought", "teaser", "vip"})
"""Scenarios whose messages keep the limits."""

WORKSPACE = {
    "lineform.yaml": "kind: project\nname: month\n",
    "clients/shop.yaml": f"""
kind: client
name: shop
title: 店
bot: U{"0" * 32}
token: {{env: SHOP}}
limits: {{per_friend: {{week: {WEEK}, gap: 4h}}, quiet: "21:00-09:00"}}
""",
    "clients/shop/words.yaml": """
kind: attributes
name: words
attributes: {birthday: {type: date}, name: {type: text}}
tags: {vip: {}}
links: {teaser: {}}
events: {purchase: {fields: {number: text}}, booking: {fields: {number: text}}}
""",
    "clients/shop/campaigns/welcome.yaml": """
kind: scenario
name: welcome
trigger: follow
priority: 40
steps:
  - {id: hello, send: [{text: welcome/hello}]}
  - {id: story, after: 3d, at: "10:00", send: [{text: welcome/story}]}
  - {id: name, after: 7d, at: "10:00", send: [{text: "welcome/name {{ friend.name | default('お客様') }}さま"}]}
  - {id: last, after: 14d, at: "11:00", send: [{text: welcome/last}]}
""",
    "clients/shop/campaigns/bought.yaml": """
kind: scenario
name: bought
trigger: {event: purchase, where: {number: {known: true}}}
per: number
reentry: when_over
steps:
  - {id: thanks, send: [{text: "bought/thanks {{ event.number }}"}]}
  - {id: care, after: 5d, at: "12:00", send: [{text: "bought/care {{ event.number }}"}], do: [{tag: vip}]}
  - {id: again, after: 12d, at: "12:00", send: [{text: "bought/again {{ event.number }}"}]}
""",
    "clients/shop/campaigns/booked.yaml": """
kind: scenario
name: booked
trigger: {event: booking, where: {number: {known: true}}}
per: number
capped: send
steps:
  - {id: confirmed, send: [{text: "booked/confirmed {{ event.number }}"}]}
  - {id: soon, after: 2d, at: "13:00", send: [{text: "booked/soon {{ event.number }}"}]}
""",
    "clients/shop/campaigns/teaser.yaml": """
kind: scenario
name: teaser
trigger: {click: teaser}
priority: 80
steps:
  - {id: one, after: 1d, at: "18:00", send: [{text: teaser/one}]}
  - {id: two, after: 3d, at: "18:00", send: [{text: teaser/two}]}
""",
    "clients/shop/campaigns/birthday.yaml": """
kind: scenario
name: birthday
trigger: {date: birthday, every: year}
enroll: both
capped: send
steps:
  - {id: cake, at: "11:00", send: [{text: birthday/cake}]}
""",
    "clients/shop/campaigns/vip.yaml": """
kind: scenario
name: vip
trigger: {tag: vip}
steps:
  - id: card
    after: 2d
    at: "15:00"
    branch:
      - {if: {event: purchase, count: {at_least: 2}}, then: [{send: [{text: vip/card gold}]}]}
      - {else: true, then: [{send: [{text: vip/card silver}]}]}
""",
}
