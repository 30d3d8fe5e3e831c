"""README.txt of a bundle: what it is, and how to check it with what every system has."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import version

from linkage.bundles import bag, signing, story
from linkage.bundles.profiles import Profile
from linkage.bundles.signing import Key
from linkage.model.tables import Table

_LINKAGE = version("linkage")
#: Characters of a line, so that it can be read in a terminal and on paper.
_WIDTH = 100
#: Where the words about a file begin.
_COLUMN = 26
_MEANS = {
    "internal": "Raw records: keep it as the logs themselves are kept.",
    "partner": "Accounts and identifiers stand under pseudonyms, times are cut to the hour.",
    "public": "Figures only: no accounts, no identifiers, no small counts.",
}
_FIRST = {
    "REPORT.html REPORT.pdf": "the finding for people; its first two pages are a summary",
    "finding.json": "claim, figures, method, alternatives, limits, for programs",
}
_ALWAYS = {
    "privacy.json": "what was done to each field, and what can still be inferred",
    "notes.jsonl": "what people did to its case, one act a line; empty where it is of no case",
    "custody/": "how the records came in and the finding was computed",
    "schema/tables.json": "every column of every table, in words",
}
_RECORDS = {
    "records/": "the rows that the finding is computed from, and rerun/ how",
    "interop/": "the same for other programs: STIX 2.1, GraphML",
}
_NO_RECORDS = {"interop/": "the same for other programs: STIX 2.1", "rerun/": "versions of what computed the finding"}


def text(name: str, profile: Profile, signers: Sequence[Key], written: Mapping[str, Table]) -> bytes:
    """README.txt of the bundle ``name``; ``written``: its tables by path below data/."""
    lists = {f"{path}.csv": table.meaning for path, table in written.items()}
    files = {**_FIRST, **lists, **_ALWAYS, **(_RECORDS if profile.records else _NO_RECORDS)}
    template = resources.files("linkage.bundles").joinpath("README.in").read_text(encoding="utf-8")
    again = "AGAIN.in" if profile.records else "NOT_AGAIN.in"
    return template.format(
        name=name,
        underline="=" * (len(name) + 16),
        profile=profile.name,
        profile_means=_MEANS[profile.name],
        files="\n".join(_entry(path, means) for path, means in files.items()),
        allowed="".join(f"    {key.allowed}" for key in signers).rstrip("\n"),
        fingerprints="\n".join(f"    {key.fingerprint}  {key.principal}" for key in signers),
        signatures=f"the signature{'s' if len(signers) > 1 else ''}",
        commands="\n".join(map(_check_of, signers)),
        again=resources.files("linkage.bundles").joinpath(again).read_text(encoding="utf-8").format(version=_LINKAGE),
        limits="\n".join(
            textwrap.fill(limit, _WIDTH, initial_indent="  - ", subsequent_indent="    ") for limit in story.LIMITS
        ),
    ).encode()


def _entry(path: str, means: str) -> str:
    """A file and what it holds."""
    return textwrap.fill(means, _WIDTH, initial_indent=f"  {path:<{_COLUMN - 3}} ", subsequent_indent=" " * _COLUMN)


def _check_of(key: Key) -> str:
    """How to check a signature without linkage."""
    return (
        f"     ssh-keygen -Y verify -n {signing.NAMESPACE} -f TRUSTED -I '{key.principal}' \\\n"
        f"       -s {signing.path_of(key.fingerprint)} < {bag.TAG_MANIFEST}\n"
        f'     It must say: Good "{signing.NAMESPACE}" signature for {key.principal}'
    )
