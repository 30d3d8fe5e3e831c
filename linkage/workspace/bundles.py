"""Evidence bundles: a finding leaves the house signed, and comes back verified."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import BundleUntrusted, NotAllowed, UsageError
from linkage.model.access import Permission
from linkage.model.case import Case, same_person
from linkage.model.progress import ProgressSink
from linkage.model.reports import BundleReport, ExportReport, Signed
from linkage.stores.files import create_once
from linkage.workspace.home import Home
from linkage.workspace.indicators import KEY_BYTES, read_exchange_key

if TYPE_CHECKING:
    import pyarrow

    from linkage.bundles.casefile import CaseFile
    from linkage.bundles.profiles import Names, Profile
    from linkage.bundles.signing import Key, Keys


class Bundles:
    """``export`` and ``verify`` evidence bundles, and make the ``new_key`` that they are signed with."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def has_key(self) -> bool:
        """Whether the actor has a key to sign with."""
        return self._keys.has(self._home.actor)

    def new_key(self) -> str:
        """Make an Ed25519 key for the actor, and trust it; returns the line by which others trust it.

        Raises:
            NotAllowed: the actor is a viewer.
            UsageError: the actor has one.
            ConfigurationError: ssh-keygen is missing.
        """
        self._home.require(Permission.EXPORT)
        self._home.create()
        key = self._keys.new(self._home.actor)
        self._home.audit("key.new", key.name, {"fingerprint": key.fingerprint})
        return key.allowed

    def export(
        self,
        subject: str,
        *,
        profile: str,
        output: str | os.PathLike[str] | None = None,
        zipped: bool = False,
        recipient: str = "",
        exchange_key: str | os.PathLike[str] | None = None,
        refresh: str | None = None,
        progress: ProgressSink | None = None,
    ) -> ExportReport:
        """Write the bundle of a cluster or case into the folder ``output``, signed by the actor; a second time changes
        nothing. The default is ``bundles`` of the workspace, and there a folder for each key of pseudonyms.

        That of a case is about the members whom its verdict is about, as they were frozen, and tells what was done.
        Pseudonyms of the profile ``partner`` are under a key of this subject and ``recipient``. ``exchange_key`` names
        a file whose bytes are the key that the recipient holds as well: then indicators can be matched.

        Raises:
            NotAllowed: the actor is a viewer.
            UsageError: there is no such cluster, case or profile, no verdict was proposed, the actor or whoever
                approved the case has no key to sign with, or something else of that name is there.
            RerunDiffers: the lake holds other records than the refresh saw.
            ConfigurationError: ssh-keygen or typst is missing.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            TryAgain: the disk is full.
        """
        from linkage.bundles import export as exporting
        from linkage.bundles.gather import row_of
        from linkage.bundles.profiles import profile_of

        self._home.require(Permission.EXPORT)
        chosen = profile_of(profile)
        if exchange_key is not None and not chosen.records:
            raise UsageError("a public bundle holds no indicators, so it takes no exchange key")
        case = self._case(subject, refresh)
        if exchange_key is not None and case is not None and case.cleared:
            raise UsageError(
                f"two people decided {case.proposal.verdict}: there is nothing that others should watch for",
                hint="Export without the exchange key.",
            )
        scope = None if case is None else case.proposal.scope
        snapshot = self._home.snapshot(refresh if scope is None else scope.refresh_id)
        cluster = str(row_of(snapshot, subject if scope is None else scope.cluster_id)["cluster_id"])
        signers = self._signers(case)
        exchange = None if exchange_key is None else read_exchange_key(Path(exchange_key))
        casework = self._home.casework_to_write()
        # Last, because it makes a key where there is none: not for what is refused.
        names = self._names(subject, recipient, chosen)
        order = exporting.Order(
            cluster=cluster,
            case=case,
            profile=chosen,
            names=names,
            signers=signers,
            exchange=exchange,
        )
        report = exporting.export(
            snapshot,
            self._home.lake.view(),
            self._home.settings.engine,
            casework.audit(),
            order,
            Path(output) if output is not None else self._home.layout.bundles / (names.key_id or ""),
            zipped=zipped,
            progress=progress,
        )
        self._home.audit(
            "bundle.export",
            subject,
            {
                "bundle": report.name,
                "cluster_id": order.cluster,
                "files": report.files,
                "fingerprint": report.fingerprint,
                "key_id": names.key_id,
                "profile": profile,
                "recipient": recipient or None,
                "refresh_id": snapshot.refresh_id,
            },
        )
        return report

    def actions(self, subject: str, *, refresh: str | None = None) -> pyarrow.Table:
        """The action list of a cluster or case by itself: accounts to suspend, with the reason and the row behind it.

        As in an internal bundle: empty for a cluster that is not flagged, and of a case unless two people decided
        against its accounts. That it was taken is in the audit.

        Raises:
            NotAllowed: the actor is a viewer.
            UsageError: there is no such cluster or case, or no verdict was proposed.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.bundles import actions as listing

        self._home.require(Permission.EXPORT)
        case = self._case(subject, refresh)
        scope = None if case is None else case.proposal.scope
        snapshot = self._home.snapshot(refresh if scope is None else scope.refresh_id)
        cluster = subject if scope is None else scope.cluster_id
        table = listing.of_snapshot(snapshot, self._home.identities(), self._home.settings.engine, cluster, case)
        detail = {"accounts": table.num_rows, "cluster_id": cluster, "refresh_id": snapshot.refresh_id}
        self._home.audit("actions.export", subject, detail)
        return table

    def actions_csv(self, subject: str, *, refresh: str | None = None) -> bytes:
        """The action list as CSV, where a cell that a spreadsheet would run has an apostrophe in front."""
        from linkage.bundles.writing import comma_separated

        return comma_separated(self.actions(subject, refresh=refresh))

    def sign(self, path: str | os.PathLike[str]) -> Signed:
        """Sign the bundle at ``path``, of a case that the actor approved and another person exported.

        It is verified before, and what was verified is what is signed. ``unchanged`` where the signature was there;
        ``replaced`` where another lay in its place.

        Raises:
            NotAllowed: the actor's role does not suffice, or somebody else approved the case.
            UsageError: the bundle is of no case here, the case has changed, or the actor has no key.
            BundleAltered, BundleUntrusted, BundleMalformed: what is wrong with it; nothing was signed.
            ConfigurationError: ssh-keygen is missing.
        """
        from linkage.bundles import cosign
        from linkage.bundles import verify as verifying

        self._home.require(Permission.APPROVE)
        key = self._keys.key(self._home.actor)
        verified = verifying.verify(Path(path), self._keys.allowed_signers, without=key.fingerprint)
        report = verified.report
        if report.fault is not None and not isinstance(report.fault, BundleUntrusted):
            raise report.fault
        # Of what nobody trusted has signed, only the id of a case is read: it may say why.
        try:
            case = None if verified.case is None else self._case(verified.case, None)
        except UsageError as fault:
            raise report.fault or fault from fault
        if case is None or case.approver is None:
            raise report.fault or UsageError(
                "the bundle is not of a case whose verdict was approved: nobody signs it besides"
            )
        if not same_person(case.approver, self._home.actor):
            raise NotAllowed("whoever approved the case signs its bundle, and that was somebody else")
        if report.fault is not None:
            raise report.fault
        if not report.name.startswith(f"LNK-{case.case.case_id}-{case.case.revision}-"):
            raise UsageError(
                f"case {case.case.case_id} has changed since the bundle was made", hint="Export it again, then sign."
            )
        done = cosign.cosign(Path(path), key, verified)
        if done != "unchanged":
            detail = {"bundle": report.name, "fingerprint": key.fingerprint}
            self._home.audit("bundle.sign", case.case.case_id, detail)
        return done

    def waits(self, path: str | os.PathLike[str]) -> tuple[str, ...]:
        """Who must sign the bundle at ``path``, a folder or a zip, and has not; nothing else of it is verified.

        Raises:
            BundleMalformed: that is no bundle.
            ConfigurationError: ssh-keygen is missing, so nothing can be said.
        """
        from linkage.bundles import bag, signing
        from linkage.bundles.container import received

        with received(Path(path)) as bundle:

            def read(name: str) -> bytes:
                return bundle.read(name) if name in bundle.sizes else b""

            named = bag.signers(bundle.read(bag.INFO)) if bag.INFO in bundle.sizes else ()
            signed = read(bag.TAG_MANIFEST)
            return tuple(
                name
                for name, fingerprint in named
                if not signing.made(read(signing.path_of(fingerprint)), signed, fingerprint)
            )

    def unsigned(self, case: Case) -> tuple[Path, ...]:
        """Bundles of ``case`` as it stands that lie in the workspace's own folder and wait for the actor to sign.

        Raises:
            BundleMalformed: what lies there under such a name is no bundle.
        """
        name = f"LNK-{case.case_id}-{case.revision}-*"
        folder = self._home.layout.bundles
        found = sorted([*folder.glob(name), *folder.glob(f"*/{name}")])
        return tuple(path for path in found if any(same_person(who, self._home.actor) for who in self.waits(path)))

    def taken(self, report: ExportReport) -> bytes:
        """The zip that an export wrote, to be taken along; that it was is in the audit.

        Raises:
            NotAllowed: the actor is a viewer.
            UsageError: it is not there any more.
        """
        self._home.require(Permission.EXPORT)
        if not report.path.is_file():
            raise UsageError(f"{report.path.name} is not there any more", hint="Make the bundle again.")
        data = report.path.read_bytes()
        detail = {"bytes": len(data), "digest": hashlib.sha256(data).hexdigest()}
        self._home.audit("bundle.download", report.name, detail)
        return data

    def verify(
        self,
        path: str | os.PathLike[str],
        *,
        rerun: bool = False,
        allowed_signers: str | os.PathLike[str] | None = None,
    ) -> BundleReport:
        """Check the bundle at ``path``, a folder or a zip; ``rerun``: compute its finding again.

        Signatures count of whom ``allowed_signers`` names, by default of the workspace's own signers. What is wrong is
        in the report (``fault``).

        Raises:
            UsageError: there is no such file of signers.
            BundleMalformed: that is no bundle, or a hostile one; nothing was written.
            ConfigurationError: ssh-keygen is missing, so nothing can be said.
        """
        from linkage.bundles import verify as verifying

        allowed = self._keys.allowed_signers if allowed_signers is None else Path(allowed_signers)
        if allowed_signers is not None and not allowed.is_file():
            raise UsageError("there is no such file of allowed signers")
        report = verifying.verify(Path(path), allowed if allowed.is_file() else None, rerun=rerun).report
        if self._home.layout.exists:
            exit_code = 0 if report.fault is None else report.fault.exit_code
            detail = {"exit_code": exit_code, "faults": len(report.faults), "rerun": report.rerun}
            self._home.audit("bundle.verify", report.name, detail)
        return report

    def _signers(self, case: CaseFile | None) -> tuple[Key, ...]:
        """Who must sign: the actor, and whoever approved the case."""
        own = self._keys.key(self._home.actor)
        approver = None if case is None else case.approver
        if approver is None or same_person(approver, self._home.actor):
            return (own,)
        other = self._keys.public(approver)
        if other is None:
            raise UsageError(
                f"{approver} approved the case, and has no key: whoever approves signs too",
                hint=f"{approver} makes one with `linkage key new`, or exports the bundle.",
            )
        return (own, other)

    def _case(self, subject: str, refresh: str | None) -> CaseFile | None:
        """The case of that id, whose members are still those that were frozen; None for a cluster."""
        from linkage.bundles.casefile import CaseFile
        from linkage.workspace.casebook import Casebook

        if not subject.startswith("k-"):
            return None
        if refresh is not None:
            raise UsageError(
                "the bundle of a case is of the refresh at which its members were frozen", hint="Name no refresh."
            )
        book = Casebook(self._home)
        case = CaseFile(book.show(subject))
        book.recheck(case.proposal.scope)
        return case

    @property
    def _keys(self) -> Keys:
        from linkage.bundles.signing import Keys

        return Keys(self._home.layout.keys)

    def _names(self, subject: str, recipient: str, profile: Profile) -> Names:
        """Names of the bundle; of a partner's under a key that is kept until somebody deletes it."""
        from linkage.bundles.profiles import Names

        if profile.events or not profile.records:
            return Names(None)
        folder = self._home.layout.pseudonym_keys
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = hashlib.sha256(f"{subject}\0{recipient}".encode()).hexdigest()[:16]
        path = folder / f"{name}.key"
        create_once(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
        return Names(path.read_bytes())
