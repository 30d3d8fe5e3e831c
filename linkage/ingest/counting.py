"""An independent count of the records in a text file, from its bytes alone.

Nothing here shares code with the readers: what a reader loses shows as a difference. CSV is held to RFC 4180 on the
way: a quote opens a field at its very start, closes it at its very end, and is doubled inside.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage.ingest.rules import Refusal

_QUOTE, _COMMA, _LF, _CR = 34, 44, 10, 13
#: Bytes that may stand before an opening or after a closing quote besides another quote.
_BORDERS = np.zeros(256, dtype=bool)
_BORDERS[[_COMMA, _LF, _CR]] = True
_BLANK = np.zeros(256, dtype=bool)
_BLANK[[32, 9, _LF, _CR]] = True


class TextCheck:
    """Text must be UTF-8 without NUL bytes; fed block by block, raises Refusal with the line."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
        self._lines = 0

    def feed(self, block: bytes, *, final: bool = False) -> None:
        """Check one block; ``final`` says that nothing follows."""
        if b"\0" in block:
            raise Refusal("file.nul", f"line {self._lines + block[: block.index(0)].count(_LF_BYTE) + 1}")
        try:
            self._decoder.decode(block, final)
        except UnicodeDecodeError as fault:
            line = self._lines + bytes(fault.object[: fault.start]).count(_LF_BYTE) + 1
            raise Refusal("file.encoding", f"line {line}") from None
        self._lines += block.count(_LF_BYTE)


_LF_BYTE = b"\n"


@dataclass(slots=True)
class CsvCount:
    """Counts CSV records and enforces quoting. ``records`` includes the header; blank lines are no records."""

    records: int = 0
    longest: int = 0
    first_end: int | None = None
    _inside: bool = False
    _length: int = 0
    _previous: int = field(default=_LF, init=False)
    _previous_closes: bool = field(default=False, init=False)
    _offset: int = field(default=0, init=False)

    def feed(self, block: bytes) -> None:
        """Count one block.

        Raises:
            Refusal: a quote is misplaced; names the row.
        """
        if not block:
            return
        data = np.frombuffer(block, dtype=np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        ends = np.flatnonzero((data == _LF) | (data == _CR))
        if quotes.size or self._inside:
            ends = ends[((np.searchsorted(quotes, ends) + self._inside) & 1) == 0]
        self._check_quotes(data, quotes, ends)
        self._count(data, ends)
        self._inside = bool((quotes.size + self._inside) & 1)
        self._previous = int(data[-1])
        self._previous_closes = bool(quotes.size and quotes[-1] == data.size - 1 and not self._inside)
        self._offset += data.size

    def finish(self) -> None:
        """Nothing follows: count a last record without a line end.

        Raises:
            Refusal: the last quote was never closed; names the row.
        """
        if self._inside:
            raise Refusal("file.quote", f"row {max(self.records, 0)} opens a quote that is never closed")
        if self._length:
            self.records += 1
            self.longest = max(self.longest, self._length)
            if self.first_end is None:
                self.first_end = self._offset
            self._length = 0

    def _check_quotes(
        self, data: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> None:
        wrong: list[int] = []
        # The block before ended with a closing quote: what follows is known only now.
        if self._previous_closes and not (_BORDERS[data[0]] or data[0] == _QUOTE):
            wrong.append(0)
        if quotes.size:
            opens = ((np.arange(quotes.size) + self._inside) & 1) == 0
            before = np.where(quotes > 0, data[np.maximum(quotes - 1, 0)], self._previous)
            # A quote before an opening one has just closed the field: together they are a doubled quote.
            fine = _BORDERS[before] | (before == _QUOTE)
            fine |= ~opens
            closing = quotes[~opens]
            follows = closing[closing + 1 < data.size]
            tail = data[follows + 1]
            wrong.extend(int(position) for position in quotes[~fine][:1])
            wrong.extend(int(position) for position in follows[~(_BORDERS[tail] | (tail == _QUOTE))][:1])
        if wrong:
            self._count(data[: min(wrong)], ends[ends < min(wrong)])
            raise Refusal("file.quote", f"row {self.records} has a quote inside or behind a field")

    def _count(self, data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        if not ends.size:
            self._length += data.size
            return
        lengths = np.diff(ends, prepend=-1) - 1
        lengths[0] += self._length
        full = lengths > 0
        if self.first_end is None and full.any():
            self.first_end = self._offset + int(ends[int(np.argmax(full))])
        self.records += int(full.sum())
        self.longest = max(self.longest, int(lengths.max()))
        self._length = int(data.size - ends[-1] - 1)


@dataclass(slots=True)
class LineCount:
    """Counts lines that hold anything but white space: the records of a JSONL file."""

    records: int = 0
    longest: int = 0
    _open: bool = False
    _length: int = 0

    def feed(self, block: bytes) -> None:
        """Count one block."""
        if not block:
            return
        data = np.frombuffer(block, dtype=np.uint8)
        marks = np.concatenate(([0], np.cumsum(~_BLANK[data], dtype=np.int64)))
        ends = np.flatnonzero(data == _LF)
        seen = marks[ends]
        filled = np.diff(seen, prepend=0) > 0
        if ends.size:
            filled[0] |= self._open
            lengths = np.diff(ends, prepend=-1)
            lengths[0] += self._length
            self.records += int(filled.sum())
            self.longest = max(self.longest, int(lengths.max()))
            self._open = bool(marks[-1] > seen[-1])
            self._length = int(data.size - ends[-1] - 1)
        else:
            self._open |= bool(marks[-1])
            self._length += data.size

    def finish(self) -> None:
        """Nothing follows: count a last line without a line end."""
        self.records += self._open
        self.longest = max(self.longest, self._length)
        self._open, self._length = False, 0
