"""The command line: arguments in, one call of a Workspace, one place where errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType

from linkage.cli import log
from linkage.cli.arguments import parse, parser
from linkage.cli.log import say
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
    log.use(arguments.log_format)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except LinkageError as fault:
        say(fault.message, level="error", figures={"exit_code": fault.exit_code} if log.in_json() else None)
        say(fault.hint, level="hint")
        return fault.exit_code
    except BrokenPipeError:
        # Whoever reads our output has enough of it. What is still buffered goes nowhere, without a complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("stopped; what was published stands")
        return 130
    return code


def _unexpected(kind: type[BaseException], _fault: BaseException, trace: TracebackType | None) -> None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}" if trace is not None else ""
    say(f"{kind.__name__}{where}", level="error")
    say(f"{LinkageError.default_hint} LINKAGE_DEBUG=1 shows the traceback.", level="hint")
