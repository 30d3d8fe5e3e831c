"""What ``import linkage`` offers, and nothing more."""

from __future__ import annotations

import inspect
import re

import pytest

import linkage
from linkage import errors

VERBS = ("demo", "ingest", "refresh", "clusters", "members", "lineage", "explain", "lookup", "paths", "lanes",
         "evaluate", "schedule", "purge", "doctor", "backup", "restore")  # fmt: skip


def test_the_exported_names_are_exactly_these() -> None:
    assert linkage.__all__ == ["Explanation", "LinkageError", "Progress", "Workspace", "__version__"]
    for name in linkage.__all__:
        assert getattr(linkage, name) is not None
    assert dir(linkage) == sorted(linkage.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        linkage.nonsense  # noqa: B018


def test_every_verb_is_a_documented_method_of_the_workspace() -> None:
    for verb in VERBS:
        assert inspect.getdoc(getattr(linkage.Workspace, verb)), verb
    for action in ("add", "remove", "list"):
        assert inspect.getdoc(getattr(linkage.Workspace("nowhere").allow, action)), action
    for action in ("open", "list", "show", "assign", "note", "propose", "approve", "return_", "reopen", "close"):
        assert inspect.getdoc(getattr(linkage.Workspace("nowhere").case, action)), action


def test_exit_codes_of_errors_are_those_of_the_contract() -> None:
    stated = dict(re.findall(r"── (\w+)\s+(\d+) ", errors.__doc__ or ""))
    for name, code in stated.items():
        assert getattr(errors, name).exit_code == int(code), name
    assert errors.LinkageError.exit_code == 1
