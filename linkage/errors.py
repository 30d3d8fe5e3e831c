"""Every error that linkage raises on purpose.

Each class carries the exit code that the command line ends with and a hint that says what to do next::

    LinkageError                 1   a fault of ours, unless a subclass says otherwise
    ├── UsageError               2   the call itself is wrong
    │   ├── NotAllowed           2   the role, or the rule of two people, forbids it
    │   └── Stale                2   what it was meant for has changed since it was looked at
    ├── InputRefused            10   a file, or a whole input, was refused; the others are in
    ├── NoSnapshot              11   nothing was refreshed yet
    │   └── UnknownRefresh      11   the named refresh is not kept
    ├── ConfigurationError      12   linkage.toml, an environment variable or the workspace's version
    ├── StoreUnavailable        13   the graph store, or the server of casework, cannot be reached or refuses
    ├── SnapshotDamaged         20   a stored file differs from its recorded digest
    ├── BundleAltered           20   a file of an evidence bundle was altered, added or removed
    ├── BundleUntrusted         21   an evidence bundle is unsigned, or its signer is not trusted
    ├── RerunDiffers            22   an evidence bundle computed again gives another finding
    ├── BundleMalformed         23   what was given is not an evidence bundle, or a hostile one
    └── TryAgain                75   the disk is full, or another writer holds the workspace

A message says what, where (file and row, or id), which rule, and what to do. It never holds the value of an
identifier, an account's name, a prompt or a key.
"""

from __future__ import annotations


class LinkageError(Exception):
    """Root of every error that linkage raises on purpose.

    ``message`` says what happened and where, ``hint`` what to do next.
    """

    exit_code = 1
    default_hint = "This is a fault in linkage. Please report it with the command you ran."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint

    def __str__(self) -> str:
        return self.message


class UsageError(LinkageError):
    """The call is wrong: an unknown verb, option, account or cluster."""

    exit_code = 2
    default_hint = "Run the command with --help for its options."


class NotAllowed(UsageError):
    """Somebody asked for what their role, or the rule of two people, does not let them do."""

    default_hint = "Ask somebody whose role allows it: `[access.roles]` in linkage.toml says who has which."


class Stale(UsageError):
    """A case changed between being looked at and being acted on."""

    default_hint = "Look at the case again, then decide."


class InputRefused(LinkageError):
    """At least one input file was refused whole; every other file is in."""

    exit_code = 10
    default_hint = "Mend the named files and ingest them again; what is in already counts as duplicate."


class NoSnapshot(LinkageError):
    """The workspace holds no snapshot to read."""

    exit_code = 11
    default_hint = "Run `linkage ingest PATH` and then `linkage refresh`."


class UnknownRefresh(NoSnapshot):
    """The named refresh does not exist or is no longer kept."""

    default_hint = "Leave --refresh out for the current snapshot, or run `linkage doctor` for the ones that are kept."


class ConfigurationError(LinkageError):
    """A setting, an environment variable or the workspace's layout version is wrong."""

    exit_code = 12
    default_hint = "Run `linkage doctor` for every setting that is checked."


class StoreUnavailable(LinkageError):
    """The graph store, or the server with the casework, cannot be reached, or refuses what was asked."""

    exit_code = 13
    default_hint = (
        "Readers of the store still get the refresh that was published last; run `linkage store publish` again "
        "when the server is there: it goes on where it stopped."
    )


class SnapshotDamaged(LinkageError):
    """A stored file is missing or differs from the digest recorded when it was written."""

    exit_code = 20
    default_hint = "Run `linkage doctor`; restore a backup, or refresh again."


class BundleAltered(LinkageError):
    """A file of an evidence bundle differs from what was signed, is missing, or was added."""

    exit_code = 20
    default_hint = "Do not rely on it; ask whoever sent it for the bundle again."


class BundleUntrusted(LinkageError):
    """An evidence bundle has no signature that counts: none, or of nobody on the list of trusted signers."""

    exit_code = 21
    default_hint = (
        "Get the signer's public key by a channel other than the bundle, and name a file of trusted signers with "
        "--allowed-signers."
    )


class RerunDiffers(LinkageError):
    """The records of an evidence bundle, computed again, give other members or scores than it claims."""

    exit_code = 22
    default_hint = "Compare the versions in data/rerun/requirements.txt with those installed; then ask the sender."


class BundleMalformed(LinkageError):
    """What was given is no evidence bundle, or one that no linkage writes; nothing of it was unpacked."""

    exit_code = 23
    default_hint = "Ask whoever sent it for the bundle again; nothing was written."


class TryAgain(LinkageError):
    """Nothing is wrong with the input; the machine cannot take the work now."""

    exit_code = 75
    default_hint = "Free disk space, or wait until the other writer is done, and run the same command again."
