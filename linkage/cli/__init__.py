"""The command line: arguments in, one call of a Workspace, one place where errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType

from linkage.cli.arguments import parse, parser
from linkage.errors import LinkageError

__all__ = ["main", "parser"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    Errors of ours end here: ``linkage: error: message`` and a hint on stderr. Any other fault ends the process with
    exit code 1 and its class alone, because its text may hold data; LINKAGE_DEBUG=1 shows the traceback.
    """
    if os.environ.get("LINKAGE_DEBUG") != "1":
        sys.excepthook = _unexpected
    arguments = parse(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except LinkageError as fault:
        print(f"linkage: error: {fault.message}", file=sys.stderr)
        print(f"linkage: hint: {fault.hint}", file=sys.stderr)
        return fault.exit_code
    except BrokenPipeError:
        # Whoever reads our output has enough of it. What is still buffered goes nowhere, without a complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("linkage: stopped; what was published stands", file=sys.stderr)
        return 130
    return code


def _unexpected(kind: type[BaseException], _fault: BaseException, trace: TracebackType | None) -> None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}" if trace is not None else ""
    print(f"linkage: error: {kind.__name__}{where}", file=sys.stderr)
    print(f"linkage: hint: {LinkageError.default_hint} LINKAGE_DEBUG=1 shows the traceback.", file=sys.stderr)
