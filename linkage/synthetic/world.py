"""What exists before anybody signs up: networks, countries, models and their releases, public templates, topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.synthetic.tokens import Floats, Ints

#: Country code, offset from UTC in hours, share of customers.
COUNTRIES = (
    ("US", -6.0, 0.27),
    ("GB", 0.0, 0.08),
    ("DE", 1.0, 0.09),
    ("FR", 1.0, 0.06),
    ("ES", 1.0, 0.04),
    ("PL", 1.0, 0.03),
    ("BR", -3.0, 0.07),
    ("MX", -6.0, 0.03),
    ("IN", 5.5, 0.13),
    ("ID", 7.0, 0.04),
    ("VN", 7.0, 0.03),
    ("JP", 9.0, 0.06),
    ("KR", 9.0, 0.03),
    ("AU", 10.0, 0.02),
    ("TR", 3.0, 0.02),
)

CAPABILITIES = (
    "software_engineering",
    "agentic_reasoning",
    "long_horizon",
    "data_analysis",
    "writing",
    "translation",
    "tutoring",
    "summarization",
    "customer_support",
    "mathematics",
    "vision",
    "search",
    "roleplay",
    "extraction",
)
#: Those that operators harvest.
COVETED = (0, 1, 2, 9)
#: How common each is among ordinary exchanges.
CAPABILITY_SHARES = (0.17, 0.06, 0.03, 0.10, 0.16, 0.06, 0.09, 0.10, 0.06, 0.04, 0.03, 0.05, 0.02, 0.03)
TOPICS = len(CAPABILITIES)

#: Templates that come with the product.
UNIVERSAL = 8

#: Network kinds as in the address-range file.
NETWORK_KINDS = ("residential", "mobile", "business", "hosting", "vpn", "campus")
RESIDENTIAL, MOBILE, BUSINESS, HOSTING, VPN, CAMPUS = range(6)

#: Price tiers of models: input and output price in US dollars a million tokens.
PRICES = ((0.4, 2.0), (3.0, 15.0), (12.0, 60.0))
TIER_NAMES = ("mini", "core", "max")


@dataclass(frozen=True, slots=True)
class Networks:
    """Blocks of IPv4 addresses, one row each: first address, prefix length, AS number, kind, country.

    ``six`` is the second group of the provider's IPv6 addresses.
    """

    base: Ints
    prefix: Ints
    asn: Ints
    kind: Ints
    country: Ints
    six: Ints

    def of(self, kind: int, country: int | None = None) -> Ints:
        """Rows of a kind, in a country where it has any there."""
        rows: Ints = np.flatnonzero(self.kind == kind)
        if country is not None:
            local: Ints = rows[self.country[rows] == country]
            if len(local):
                return local
        return rows


@dataclass(frozen=True, slots=True)
class Models:
    """Versions of models: name, price tier, version in the tier, release in days from the start of the window."""

    names: tuple[str, ...]
    tier: Ints
    version: Ints
    released: Floats
    #: Row of (tier, version); −1 where there is none.
    row: npt.NDArray[np.int64]
    #: The release that the press writes about: a version of the highest tier within the window.
    flagship: int


@dataclass(frozen=True, slots=True)
class PublicTemplates:
    """Topical families of public templates, and one more family that everybody uses.

    ``cumulative`` holds each family's distribution shifted by the family's number.
    """

    start: Ints
    size: Ints
    cumulative: Floats
    market_start: Ints
    market_size: Ints
    count: int


@dataclass(frozen=True, slots=True)
class World:
    """Everything that accounts can meet."""

    networks: Networks
    models: Models
    templates: PublicTemplates
    tool_name: str
    free_domains: tuple[str, ...]


def build(rng: np.random.Generator, accounts: int, days: int) -> World:
    """A world for a population of ``accounts``, seen for ``days``."""
    return World(
        networks=_networks(rng, accounts),
        models=_models(rng, days),
        templates=_templates(rng, accounts),
        tool_name=_word(rng),
        free_domains=tuple(f"{_word(rng)}.example" for _ in range(14)),
    )


def _word(rng: np.random.Generator) -> str:
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    return "".join(
        consonants[rng.integers(len(consonants))] + vowels[rng.integers(len(vowels))]
        for _ in range(int(rng.integers(2, 5)))
    )


def _networks(rng: np.random.Generator, accounts: int) -> Networks:
    countries = len(COUNTRIES)
    shares = np.array([share for _, _, share in COUNTRIES])
    # Homes get some forty addresses an account, so that a reassigned address meets a stranger now and then.
    wanted: list[tuple[int, int, int, int]] = []  # kind, country, prefix length, blocks
    for country in range(countries):
        homes = max(2, round(40 * accounts * shares[country] / 2**14))
        for part in np.array_split(np.arange(homes), min(homes, int(rng.integers(2, 6)))):
            wanted.append((RESIDENTIAL, country, 18, len(part)))
        wanted.append((BUSINESS, country, 18, max(1, round(accounts * shares[country] / 2**14))))
        for _ in range(int(rng.integers(1, 4))):
            wanted.append((MOBILE, country, int(rng.integers(27, 31)), 1 + accounts // 300_000))
    for _ in range(7):
        wanted.append((HOSTING, int(rng.choice(countries, p=shares)), 18, 1 + accounts // 200_000))
    for _ in range(6):
        wanted.append((VPN, int(rng.choice(countries, p=shares)), int(rng.integers(26, 29)), 1 + accounts // 200_000))
    for _ in range(max(3, accounts // 7_000)):
        wanted.append((CAMPUS, int(rng.choice(countries, p=shares)), int(rng.integers(29, 31)), 1))
    # Every block lies in a /18 of its own, drawn from public unicast space.
    total = sum(blocks for *_, blocks in wanted)
    reserved = {0, 10, 100, 127, 169, 172, 192, 198, 203}
    first = np.array([octet for octet in range(1, 224) if octet not in reserved], dtype=np.int64)
    slots = rng.choice(len(first) * 1024, size=total, replace=False)
    bases = (first[slots // 1024] << 24) + ((slots % 1024) << 14)
    rows: list[tuple[int, int, int, int, int]] = []
    at = 0
    numbers = rng.choice(np.arange(2_000, 400_000), size=len(wanted), replace=False)
    for (kind, country, prefix, blocks), asn in zip(wanted, numbers, strict=True):
        for _ in range(blocks):
            inner = int(rng.integers(2 ** (prefix - 18))) << (32 - prefix)
            rows.append((int(bases[at]) + inner, prefix, int(asn), kind, country))
            at += 1
    table = np.array(rows, dtype=np.int64)
    _, provider = np.unique(table[:, 2], return_inverse=True)
    six = 0x1000 + rng.permutation(0xE00)[: provider.max() + 1][provider]
    columns = tuple(table[:, column] for column in range(5))
    return Networks(columns[0], columns[1], columns[2], columns[3], columns[4], six)


def _models(rng: np.random.Generator, days: int) -> Models:
    flagship_day = float(rng.uniform(0.35, 0.6)) * days
    plan = (
        (0, (-400.0, -90.0, float(rng.uniform(0.05, 0.9)) * days)),
        (1, (-350.0, -40.0, float(rng.uniform(0.1, 0.9)) * days)),
        (2, (-300.0, -120.0, flagship_day)),
    )
    maker = _word(rng)
    names: list[str] = []
    tier: list[int] = []
    version: list[int] = []
    released: list[float] = []
    row = np.full((3, 3), -1, dtype=np.int64)
    for tier_number, releases in plan:
        for number, day in enumerate(releases):
            row[tier_number, number] = len(names)
            names.append(f"{maker}-{TIER_NAMES[tier_number]}-{number + 1}")
            tier.append(tier_number)
            version.append(number)
            # Releases come in office hours.
            released.append(np.floor(day) + 0.7 if day > 0 else day)
    return Models(tuple(names), np.array(tier), np.array(version), np.array(released), row, flagship=int(row[2, 2]))


def _templates(rng: np.random.Generator, accounts: int) -> PublicTemplates:
    shares = rng.dirichlet(np.full(TOPICS, 4.0))
    total = 6 * accounts**0.55
    size = np.maximum(12, (shares * total).astype(np.int64))
    cumulative = []
    for topic in range(TOPICS):
        weight = (np.arange(size[topic]) + rng.uniform(1.0, 4.0)) ** -rng.uniform(0.85, 1.15)
        cumulative.append(topic + np.cumsum(weight) / weight.sum())
    # The last family: a few templates that come with the product.
    universal = (np.arange(UNIVERSAL) + 1.0) ** -0.7
    cumulative.append(TOPICS + np.cumsum(universal) / universal.sum())
    size = np.append(size, UNIVERSAL)
    market = np.maximum(10, (shares * accounts / 35).astype(np.int64))
    start = np.concatenate(([0], np.cumsum(size)[:-1]))
    market_start = int(size.sum()) + np.concatenate(([0], np.cumsum(market)[:-1]))
    return PublicTemplates(
        start, size, np.concatenate(cumulative), market_start, market, int(size.sum() + market.sum())
    )
