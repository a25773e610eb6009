"""The table of verbs. A verb's module is imported when the verb is used, and only then: help stays instant."""

from __future__ import annotations

VERBS: dict[str, tuple[str, str]] = {
    "init": ("lineform.cli.init", "Start a workspace: a first client, campaign, segment and rich menu."),
    "validate": ("lineform.cli.validate", "Check the workspace and report every problem at once."),
    "test": ("lineform.cli.test", "Run the workspace's own tests: who receives what, without any account."),
    "plan": ("lineform.cli.plan", "Show what apply would change, and what the sends would cost. Only reads."),
    "apply": ("lineform.cli.apply", "Make the account agree with the workspace, and arm its sends."),
    "run": ("lineform.cli.run", "Send what is due. Safe to repeat, to kill and to run twice at once."),
    "worker": ("lineform.cli.worker", "Stay and send what is due, together with other workers."),
    "serve": ("lineform.cli.serve", "Answer people in real time: webhooks, events, links, and the tick beside them."),
    "keys": ("lineform.cli.keys", "Make, list and revoke the keys with which a shop's systems post events."),
    "events": ("lineform.cli.events", "Import events, and look at those that came in and failed."),
    "send": ("lineform.cli.send", "Send a campaign to its listed testers."),
    "drift": ("lineform.cli.drift", "Tell whether the account still is as declared."),
    "adopt": ("lineform.cli.adopt", "Write a rich menu that others made as a file of this workspace."),
    "friends": ("lineform.cli.friends", "Import, collect, count, export and forget friends."),
    "codes": ("lineform.cli.codes", "Import and count the codes of pools, such as gift codes."),
    "routes": ("lineform.cli.routes", "List the addresses of entry routes, and write their QR pictures."),
    "segments": ("lineform.cli.segments", "Count a segment, or explain it for one friend."),
    "scenarios": ("lineform.cli.scenarios", "Count who stands at which step; begin and end scenarios by hand."),
    "menus": ("lineform.cli.menus", "Count who sees which rich menu, by rule."),
    "explain": ("lineform.cli.explain", "Tell where a value was written, or where a friend stands and why."),
    "preview": ("lineform.cli.preview", "Make a page that shows messages and rich menus as friends see them."),
    "report": ("lineform.cli.report", "Show what was sent, from the ledger."),
    "backup": ("lineform.cli.backup", "Copy the store to a file, and check the copy."),
    "restore": ("lineform.cli.restore", "Bring the store back from a backup, with every client halted."),
    "schema": ("lineform.cli.schema", "Print or write the JSON Schemas of every kind, for editors."),
    "demo": ("lineform.cli.demo", "Live through a week of this workspace with invented friends, offline."),
    "sandbox": ("lineform.cli.sandbox", "Run the offline LINE account."),
    "doctor": ("lineform.cli.doctor", "Check the environment, the store and each account."),
}
