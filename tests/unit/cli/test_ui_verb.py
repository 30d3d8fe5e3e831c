"""The verb ``ui``: it serves this machine only, and says so when it cannot."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from linkage.cli import main


def test_a_port_that_is_taken_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--workspace", str(tmp_path / "w"), "ui", "--port", str(port)]) == 2
    assert f"port {port} cannot be served on" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_is_a_number_that_can_be_one(port: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ui", "--port", port])
    assert ended.value.code == 2
