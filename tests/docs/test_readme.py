"""What the README promises: its commands run, its targets and verbs exist, and the tables of codes are complete."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from lineform.cli.verbs import VERBS
from lineform.loading.check_messages import CODES as MESSAGE_CODES
from lineform.model.codes import CODES, GUARDS
from support.command_line import ROOT, bare_environment, copy_workspace, runner

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CODE = re.compile(r"[EG]\d{3}")


def _console() -> Iterator[str]:
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                yield line.removeprefix("$ ").partition("  #")[0].strip()


COMMANDS = [line for line in _console() if line.startswith("lineform ")]
MADE = sorted({*re.findall(r"`?make ([a-z]+)", " ".join(_console())), *re.findall(r"`make ([a-z]+)", README)})
TABLED = re.findall(r"\| `lineform ([^`]*)` \|", README)


def test_the_readme_shows_commands_targets_and_verbs() -> None:
    assert COMMANDS
    assert MADE
    assert TABLED


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_runs(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_environment(monkeypatch, copy_workspace(tmp_path / "workspace"))
    ran = runner(capsys)(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("target", MADE)
def test_a_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("words", TABLED)
def test_a_verb_of_the_table_takes_the_options_that_stand_there(words: str) -> None:
    verb, *rest = shlex.split(words)
    command = import_module(VERBS[verb][0]).command
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_option_has_a_help_text(verb: str) -> None:
    command = import_module(VERBS[verb][0]).command
    assert command.name == verb
    for one in _with_subcommands(command):
        assert one.help, one.name
        bare = [p.name for p in one.params if isinstance(p, click.Option) and not p.help]
        # A count that names its default and its range says all there is to say.
        assert not [name for name in bare if name not in {"port", "days"}], (one.name, bare)


def _with_subcommands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for child in command.commands.values():
            yield from _with_subcommands(child)


def test_every_verb_has_a_module_and_every_summary_ends() -> None:
    for module, summary in VERBS.values():
        assert (ROOT / "engine" / Path(*module.split("."))).with_suffix(".py").is_file()
        assert summary.endswith(".")


def _codes_in_use() -> set[str]:
    found = set()
    for path in (ROOT / "engine" / "lineform").rglob("*.py"):
        if path.name != "codes.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            found |= {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}
    return found | set(MESSAGE_CODES.values())


def test_every_code_that_is_used_is_listed() -> None:
    assert _codes_in_use() - CODES.keys() - GUARDS.keys() == set()


def test_every_code_that_is_listed_is_used() -> None:
    assert (CODES.keys() | GUARDS.keys()) - _codes_in_use() == set()


def test_errors_and_guards_are_told_apart_by_their_letter() -> None:
    assert all(code.startswith("E") for code in CODES)
    assert all(code.startswith("G") for code in GUARDS)
