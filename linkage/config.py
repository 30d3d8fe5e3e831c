"""Settings of a workspace: ``linkage.toml``, read once, frozen, every unknown key refused.

Each field says its unit and where its default comes from. Stages receive their own section only.
"""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from linkage.errors import ConfigurationError
from linkage.model.access import Role
from linkage.model.hosts import BareAddress, is_loopback
from linkage.model.kinds import SCHEDULE
from linkage.model.tables import DEFAULT_KINDS

#: An identifier kind becomes a column name and, in a graph store, a label: letters, digits and _ only.
KIND_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class Section(BaseModel):
    """A part of the settings: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentifierSettings(Section):
    """One more identifier kind that links accounts."""

    kind: Annotated[str, Field(description="column of the events, or kind of a long file")]

    @field_validator("kind")
    @classmethod
    def _name(cls, value: str) -> str:
        if not KIND_NAME.match(value):
            raise ValueError("a kind is lower-case letters, digits and _, and starts with a letter")
        return value


class EngineSettings(Section):
    """Limits of the in-process SQL engine."""

    memory_limit: Annotated[
        str,
        Field(
            pattern=r"(?i)^[0-9]+([.][0-9]+)? ?([KMGT]i?B|B)$",
            description="memory of the SQL engine, e.g. 3GB; more than that spills to disk",
        ),
    ] = "2GB"
    threads: Annotated[int | None, Field(ge=1, description="threads; default: one per core")] = None


class IngestSettings(Section):
    """How events are accepted."""

    future_tolerance_hours: Annotated[
        float, Field(ge=0, description="hours ahead of the clock an event may be (contract: 24)")
    ] = 24.0
    lateness_hours: Annotated[
        float,
        Field(ge=0, description="hours behind the latest event after which a day is over: rows for it count as late"),
    ] = 72.0
    batch_rows: Annotated[
        int, Field(ge=1_000, description="rows that are staged before they are written to the lake")
    ] = 4_000_000


class KindPrior(Section):
    """What an identifier kind is worth before anything is learned of it."""

    trust: Annotated[
        float, Field(gt=0, lt=1, description="θ of an identifier on two accounts; less where chance does")
    ] = 0.7
    half_degree: Annotated[float, Field(gt=0, description="accounts beyond two at which the prior has halved")] = 6.0
    strength: Annotated[float, Field(gt=0, description="pairs of evidence that the prior weighs as much as")] = 4.0
    discount: Annotated[float, Field(ge=0, le=1, description="what a further shared one of the kind counts")] = 0.2
    network: Annotated[bool, Field(description="a place in the network: reassigned, never a link alone")] = False
    held: Annotated[bool, Field(description="an account holds few: chance is asked of sharing any at all")] = False


#: Priors of the known kinds. A card on two accounts is most often one payer; an address is often reassigned or a NAT.
KIND_PRIORS: dict[str, KindPrior] = {
    "ip_address": KindPrior(trust=0.3, half_degree=3.0, strength=4.0, discount=0.1, network=True),
    "payment_instrument": KindPrior(trust=0.8, half_degree=10.0, strength=8.0, discount=0.5, held=True),
    "prompt_template": KindPrior(trust=0.5, half_degree=6.0, strength=4.0, discount=0.2),
    "device_id": KindPrior(trust=0.7, half_degree=6.0, strength=6.0, discount=0.5, held=True),
    # Found by a test of its own, against all accounts: other evidence neither makes nor unmakes it.
    SCHEDULE: KindPrior(trust=0.9, half_degree=1e9, strength=1e9, discount=0.2),
    "canary": KindPrior(trust=0.7, half_degree=30.0, strength=4.0, discount=0.5),
}


class EvidenceSettings(Section):
    """From sightings to links."""

    priors: Annotated[dict[str, KindPrior], Field(description="priors by identifier kind, over the built-in ones")] = {}
    rounds: Annotated[int, Field(ge=1, le=20, description="rounds in which trust is re-estimated")] = 2
    partners: Annotated[int, Field(ge=4, le=64, description="pairs per account that a large identifier forms")] = 16
    companions: Annotated[float, Field(gt=0, description="accounts of its operator that an account probably has")] = 3.0
    link_probability: Annotated[float, Field(gt=0, lt=1, description="posterior from which a pair is a link")] = 0.5

    def prior_of(self, kind: str) -> KindPrior:
        """The prior of ``kind``: configured, built in, or the default; what a kind is stays unless it is configured."""
        built_in = KIND_PRIORS.get(kind, KindPrior())
        configured = self.priors.get(kind, built_in)
        own = {name: getattr(built_in, name) for name in {"network", "held"} - configured.model_fields_set}
        return configured.model_copy(update=own)


class CommunitySettings(Section):
    """From links to communities."""

    engine: Annotated[
        Literal["native", "gds"],
        Field(description="what partitions the whole graph: in process, or Graph Data Science in the Neo4j server"),
    ] = "native"
    split_from: Annotated[int, Field(ge=4, description="smallest community that is offered for a cut")] = 8
    whole_share: Annotated[
        float,
        Field(gt=0, le=1, description="as rejoin_share, for parts of the first partition of the whole graph"),
    ] = 0.3
    rejoin_share: Annotated[
        float,
        Field(gt=0, le=1, description="share of a piece's link weight that leaves it (conductance) to undo a cut"),
    ] = 0.06
    chain_share: Annotated[float, Field(gt=0, le=1, description="part of the next cuts' conductance to stay below")] = (
        0.12
    )


class MembershipSettings(Section):
    """From communities to members."""

    rounds: Annotated[int, Field(ge=1, le=10, description="rounds of adding and dropping")] = 3
    enriched_bits: Annotated[
        float, Field(gt=0, description="log2 ratio of shares from which an identifier is a community's own")
    ] = 2.0
    bar_bits: Annotated[float, Field(description="score from which an account is a member (membership .5)")] = 0.0
    core_share: Annotated[
        float, Field(ge=0, lt=1, description="part of the upper quartile of members' scores that makes core")
    ] = 0.25
    admit_share: Annotated[
        float, Field(ge=0, lt=1, description="part of the upper quartile of core members' scores that admits anywhere")
    ] = 0.2
    merge_share: Annotated[
        float, Field(gt=0, le=1, description="share of members that fit another cluster, to join it")
    ] = 0.4
    merge_back: Annotated[float, Field(ge=0, le=1, description="share of the other's members that fit in return")] = 0.1
    merge_trust: Annotated[float, Field(ge=0, le=1, description="least trust of what joins clusters")] = 0.3
    merge_fit: Annotated[
        float, Field(ge=0, le=1, description="evidence for the other cluster, as a part of that for its own, that fits")
    ] = 0.3
    absence_cap_bits: Annotated[
        float, Field(ge=0, description="most that lacking a kind can count against an account")
    ] = 1.5
    private_cap_bits: Annotated[
        float, Field(ge=0, description="most that private work can count against an account")
    ] = 3.0
    smallest: Annotated[int, Field(ge=2, description="smallest cluster that is kept, accounts")] = 3


class ScoringSettings(Section):
    """From members to abuse terms, scores and flags."""

    spread_floor: Annotated[
        float, Field(gt=0, description="least that ordinary groups differ, standard deviations of accounts")
    ] = 0.35
    cap_scale: Annotated[float, Field(gt=0, description="factor on the cap of every term, points")] = 1.0
    exclusive_share: Annotated[
        float, Field(gt=0, le=1, description="share of an identifier's accounts inside from which it is a group's own")
    ] = 0.6
    ordinary_below: Annotated[
        int, Field(ge=2, description="accounts of groups smaller than this count as ordinary when matching")
    ] = 5
    small_group: Annotated[
        int, Field(ge=4, description="accounts from which smallness no longer counts for a group")
    ] = 12
    q_bar: Annotated[float, Field(gt=0, lt=1, description="family-wise p up to which linkage counts as validated")] = (
        0.05
    )
    replicates: Annotated[int, Field(ge=3, description="rewired populations that are searched for the null")] = 5
    flag_points: Annotated[
        float, Field(description="abuse score from which a validated cluster is flagged; no one kind reaches it")
    ] = 4.5
    near_points: Annotated[
        float, Field(description="abuse score from which a validated cluster is shown to a person")
    ] = 2.5
    kind_points: Annotated[
        float, Field(gt=0, description="points that kinds beside the strongest have to add; half of it what members do")
    ] = 1.0
    kind_cap_points: Annotated[float, Field(gt=0, description="most that one kind of evidence adds, points")] = 4.0
    allowed_points: Annotated[
        float, Field(ge=0, description="against a group wholly of allow-listed organizations")
    ] = 10.0
    overwhelming_points: Annotated[
        float, Field(gt=0, description="points of one kind of evidence beside which no second is asked for")
    ] = 6.0


class RefreshSettings(Section):
    """When a refresh estimates everything anew, and when it takes the null over from the one before."""

    full_every: Annotated[
        str,
        Field(pattern=r"^(0|[1-9][0-9]{0,3})d$", description="days to the next full refresh; 0d: each is full"),
    ] = "7d"
    full_change: Annotated[
        float,
        Field(ge=0, le=1, description="change in the window's sightings since the last full refresh, to have the next"),
    ] = 0.1

    @property
    def full_after(self) -> timedelta:
        """``full_every`` as time."""
        return timedelta(days=int(self.full_every[:-1]))


class LineageSettings(Section):
    """When a cluster is the same as one of the refresh before."""

    same_share: Annotated[float, Field(gt=0, le=1, description="share of either member set that must be common")] = 0.5
    least_overlap: Annotated[float, Field(ge=0, le=1, description="least Jaccard overlap to keep an id")] = 0.1
    part_share: Annotated[
        float, Field(gt=0, le=1, description="share of an old cluster that makes a part of a split")
    ] = 0.2
    whole_share: Annotated[
        float, Field(gt=0, le=1, description="share of an old cluster above which it did not split")
    ] = 0.8
    size_change: Annotated[
        float, Field(gt=0, le=1, description="relative change in size that is growth or shrinkage")
    ] = 0.1


class SnapshotSettings(Section):
    """What is kept of earlier refreshes: at least the one before the current, which somebody may be reading."""

    keep: Annotated[int, Field(ge=2, description="snapshots kept besides those that cases refer to")] = 10


class Neo4jSettings(Section):
    """A Neo4j server that every new refresh is published to; the password is in NEO4J_PASSWORD or a file."""

    uri: Annotated[str, Field(description="bolt, bolt+s, neo4j or neo4j+s; NEO4J_URI goes before")] = (
        "bolt://127.0.0.1:7687"
    )
    username: Annotated[str, Field(description="user; NEO4J_USERNAME goes before")] = "neo4j"
    password_file: Annotated[
        str | None, Field(description="file that holds the password and nothing else; NEO4J_PASSWORD goes before")
    ] = None
    database: Annotated[str, Field(description="database; Community has one")] = "neo4j"
    batch_rows: Annotated[int, Field(ge=1, le=100_000, description="rows per transaction")] = 10_000
    timeout_seconds: Annotated[
        float, Field(gt=0, description="longest a transaction, or the search for the server, may take, seconds")
    ] = 120.0


class StoreSettings(Section):
    """Where a refresh is published to besides its snapshot, and which of the two answers questions to the graph."""

    reader: Annotated[
        Literal["embedded", "neo4j"],
        Field(description="what neighbourhoods, paths and the like are read from: the snapshot, or the server"),
    ] = "embedded"
    neo4j: Neo4jSettings | None = None


class CaseworkSettings(Section):
    """Where cases, allow-list and audit are: casework.sqlite, or a PostgreSQL server if one is named."""

    url: Annotated[BareAddress | None, Field(description="postgresql://USER@HOST/NAME; or LINKAGE_CASEWORK_URL")] = None
    password_file: Annotated[str | None, Field(description="file that holds the password and nothing else")] = None


class AccessSettings(Section):
    """Who may do what. Without roles the workspace is in local mode: whoever can write to its folder is an admin."""

    roles: Annotated[
        dict[str, Role],
        Field(description="person = viewer, investigator, approver or admin; with any entry, others are viewers"),
    ] = {}
    sign_in: Annotated[
        bool, Field(description="the screen asks who one is (OIDC); without a role it shows nothing")
    ] = False
    claim: Annotated[str, Field(description="what the provider says that is the name in `roles`, in lower case")] = (
        "email"
    )
    url: Annotated[str | None, Field(description="where a proxy with TLS serves the screen: https://…")] = None

    def role(self, person: str) -> Role:
        """Role of ``person``."""
        return self.roles.get(person, Role.VIEWER if self.roles or self.sign_in else Role.ADMIN)


class WebhookSettings(Section):
    """A receiver of alerts. The secret that they are signed with is in LINKAGE_WEBHOOK_SECRET_NAME, or in a file."""

    name: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="lower-case letters, digits and _; for logs and metrics"),
    ]
    url: Annotated[str, Field(description="https; http to this machine only")]
    secret_file: Annotated[
        str | None, Field(description="file that holds the secret and nothing else; the environment goes before")
    ] = None
    timeout_seconds: Annotated[float, Field(gt=0, le=60, description="longest that one attempt may take, seconds")] = (
        10.0
    )
    patience_hours: Annotated[
        float, Field(gt=0, description="hours for which a receiver that is down is tried again; then it is given up")
    ] = 72.0

    @field_validator("url")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname is None or parts.username is not None or parts.fragment:
            raise ValueError("a URL with a host, and without user or fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise ValueError("https, or http to this machine only")
        return value


class AlertSettings(Section):
    """What the schedule tells the receivers in `[[alerts.webhooks]]`, and from when on."""

    cluster_score: Annotated[
        float | None, Field(ge=0, le=1, description="score from which a cluster is told that is not flagged")
    ] = None
    growth_share: Annotated[
        float, Field(gt=0, description="growth since it was last told after which a cluster is told again")
    ] = 0.25
    quarantine_share: Annotated[
        float,
        Field(ge=0, le=1, description="share in quarantine of what was new in an ingest above which that is told"),
    ] = 0.01
    volume_share: Annotated[
        float, Field(gt=0, description="change of a day's events against the same weekdays before that is told")
    ] = 0.5
    volume_weeks: Annotated[int, Field(ge=2, le=52, description="earlier weeks whose median that is compared with")] = 4
    late_rows: Annotated[int, Field(ge=1, description="late rows of an ingest from which they are told")] = 1
    screen: Annotated[str | None, Field(description="address of the screen, for the links of alerts")] = None
    webhooks: tuple[WebhookSettings, ...] = ()

    @field_validator("webhooks")
    @classmethod
    def _distinct(cls, value: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        if len({webhook.name for webhook in value}) < len(value):
            raise ValueError("every receiver has a name of its own")
        return value


class Settings(Section):
    """All settings of a workspace."""

    identifiers: tuple[IdentifierSettings, ...] = ()
    engine: EngineSettings = EngineSettings()
    ingest: IngestSettings = IngestSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    communities: CommunitySettings = CommunitySettings()
    membership: MembershipSettings = MembershipSettings()
    scoring: ScoringSettings = ScoringSettings()
    refresh: RefreshSettings = RefreshSettings()
    lineage: LineageSettings = LineageSettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    store: StoreSettings = StoreSettings()
    casework: CaseworkSettings = CaseworkSettings()
    access: AccessSettings = AccessSettings()
    alerts: AlertSettings = AlertSettings()
    seed: Annotated[int, Field(ge=0, description="seed of every random step of a refresh")] = 1

    @property
    def kinds(self) -> tuple[str, ...]:
        """Identifier kinds that are on by default or by configuration, sorted."""
        return tuple(sorted({*DEFAULT_KINDS, *(entry.kind for entry in self.identifiers)}))


def load(path: Path) -> Settings:
    """Settings of the file at ``path``; the defaults where there is none.

    Raises:
        ConfigurationError: the file is not TOML, a key is unknown or a value is out of range; names the key.
    """
    if not path.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as fault:
        raise ConfigurationError(f"{path.name}: cannot be read ({fault.strerror})") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path.name}: not valid TOML: {fault}") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path.name}: {where}: {first['msg']}") from fault
