from __future__ import annotations

import hashlib
import re
import tomllib
from importlib import resources

from linkage.ui.graph_component import ENGINE

ASSETS = resources.files("linkage.ui.assets")


def test_files_of_others_are_byte_for_byte_what_they_say() -> None:
    files = tomllib.loads(ASSETS.joinpath("VENDORED.toml").read_text(encoding="utf-8"))["file"]
    assert [entry["name"] for entry in files] == [ENGINE]
    for entry in files:
        assert hashlib.sha256(ASSETS.joinpath(entry["name"]).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["version"] in entry["name"]
        assert "Permission is hereby granted" in ASSETS.joinpath(entry["licence_file"]).read_text(encoding="utf-8")


def test_files_of_ours_name_no_other_host() -> None:
    own = [file for file in ASSETS.iterdir() if file.name.endswith((".js", ".css", ".html", ".svg"))]
    assert len(own) >= 5
    for file in own:
        found = set(re.findall(r"https?://[^\s\"']+", file.read_text(encoding="utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, file.name
