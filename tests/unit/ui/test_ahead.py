"""What is read ahead is there when it is asked for, and a fault of it is nobody's until then."""

from __future__ import annotations

import threading

from linkage.errors import LinkageError
from linkage.ui import ahead


def test_a_fault_is_no_fault_of_the_page_and_what_comes_after_is_read() -> None:
    done = threading.Event()

    def fails() -> None:
        raise LinkageError("a file is gone")

    for _ in range(20):
        ahead.read(fails)
    while not done.wait(0.01):
        ahead.read(done.set)


def test_of_many_things_few_wait() -> None:
    go, seen = threading.Event(), []
    over = threading.Event()
    ahead.read(lambda: go.wait(60))
    for number in range(50):
        ahead.read(lambda number=number: seen.append(number))  # type: ignore[misc]
    go.set()
    while not over.wait(0.01):
        ahead.read(over.set)
    assert seen == list(range(len(seen))) and 1 <= len(seen) < 50
