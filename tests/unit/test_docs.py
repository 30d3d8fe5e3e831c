"""The pages say what holds: their commands run, their links lead somewhere, generated ones are in step."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.cli import parser
from tests.lib import pages

pytestmark = pytest.mark.long

#: Pages with something to run.
RUNNABLE = [page for page in pages.PAGES if any(block.runs and block.commands for block in pages.blocks(page))]


def _verbs() -> set[str]:
    for action in parser()._actions:
        if action.dest and isinstance(action.choices, dict):
            return set(action.choices)
    raise AssertionError("the command line has no verbs")


def _make_targets() -> set[str]:
    makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", RUNNABLE)
def test_commands_of_a_page_run_in_order(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINKAGE_")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    namespace: dict[str, object] = {}
    for block in pages.blocks(page):
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python" and block.runs:
            exec(compile(block.text, f"{page}:{block.line}", "exec"), namespace)  # noqa: S102 - our own page
        elif block.runs:
            for command in block.commands:
                done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)  # noqa: S602
                assert done.returncode == 0, f"{page}:{block.line}: {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", pages.PAGES)
def test_commands_that_are_not_run_are_well_formed(page: str) -> None:
    targets = _make_targets()
    for block in pages.blocks(page):
        for command in block.commands if not block.runs else []:
            words = shlex.split(command)
            if words[0] == "linkage":
                parser().parse_args(words[1:])
            elif words[0] == "make":
                assert words[1] in targets, f"{page}:{block.line}: no such target"
            else:
                pytest.fail(f"{page}:{block.line}: neither linkage nor make: {command}")


@pytest.mark.parametrize("page", pages.PAGES)
def test_names_in_prose_exist(page: str) -> None:
    verbs, targets = _verbs(), _make_targets()
    for name in pages.code_names(page):
        words = name.split()
        if words[0] == "make" and len(words) > 1:
            assert words[1] in targets, f"{page}: {name}"
        elif words[0] == "linkage" and len(words) > 1 and not words[1].startswith(("-", "[")):
            assert words[1] in verbs, f"{page}: {name}"
        elif re.fullmatch(r"(linkage|docs|tests|benchmarks|fixtures)/[\w/.-]*", name):
            assert (pages.ROOT / name).exists(), f"{page}: {name}"


@pytest.mark.parametrize("page", pages.PAGES)
def test_links_lead_somewhere(page: str) -> None:
    here = (pages.ROOT / page).parent
    for link in pages.links(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (here / target).resolve() if target else pages.ROOT / page
        assert path.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in pages.anchors(str(path.relative_to(pages.ROOT))), f"{page}: {link}"


def test_every_page_is_linked_from_another() -> None:
    linked = {
        ((pages.ROOT / page).parent / link.partition("#")[0]).resolve()
        for page in pages.PAGES
        for link in pages.links(page)
    }
    entries = {pages.ROOT / "README.md"}
    covered = {pages.ROOT / page for page in pages.PAGES if (pages.ROOT / page).parent in linked}
    lonely = {pages.ROOT / page for page in pages.PAGES} - linked - entries - covered
    assert not lonely, sorted(str(path.relative_to(pages.ROOT)) for path in lonely)


def test_generated_pages_are_in_step() -> None:
    done = subprocess.run(
        [sys.executable, pages.ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, cwd=pages.ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_verb_is_in_the_readme_or_a_page() -> None:
    written = " ".join(pages.text(page) for page in pages.PAGES if "reference" not in page)
    missing = sorted(
        verb for verb in _verbs() if not re.search(rf"linkage (--workspace \S+ )?{verb}|`{verb}`", written)
    )
    assert not missing


EXAMPLES = sorted(
    ".".join(path.relative_to(pages.ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (pages.ROOT / "linkage").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_in_docstrings_hold(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    outcome = doctest.testmod(importlib.import_module(module), optionflags=flags)
    assert outcome.attempted
    assert not outcome.failed
