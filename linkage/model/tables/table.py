"""A table that crosses a stage: its columns, their types and meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: DuckDB type, whether NULL may stand in it, and what it means."""

    name: str
    type: str
    meaning: str
    null: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A named table with its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)


def column(name: str, type_: str, meaning: str, *, null: bool = False) -> Column:
    """A column in one line."""
    return Column(name, type_, meaning, null)
