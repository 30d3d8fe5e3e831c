"""A plan as files: events in several Parquet files in time order, and the tables beside them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.synthetic.days import EVENT_TYPES, STATUSES, DayEvents, Keys, draw_day
from linkage.synthetic.draft import PRIVATE_DOMAINS, TIERS
from linkage.synthetic.draft import STATUSES as ACCOUNT_STATUSES
from linkage.synthetic.plan import Plan
from linkage.synthetic.rhythm import DAY
from linkage.synthetic.tokens import Ints, address_texts, hex_texts, mix, named
from linkage.synthetic.world import CAMPUS, CAPABILITIES, COUNTRIES, MOBILE, NETWORK_KINDS, RESIDENTIAL

#: First day of every population's window: a Thursday.
WINDOW_START = datetime(2026, 1, 1, tzinfo=UTC)
_START_MICROS = int(WINDOW_START.timestamp()) * 1_000_000
#: Events after which a new file begins.
FILE_EVENTS = 1_200_000
_COUNTRY_CODES = tuple(code for code, *_ in COUNTRIES)

EVENT_SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("event_time", pa.timestamp("us", "UTC")),
        ("account_id", pa.string()),
        ("ip_address", pa.string()),
        ("asn", pa.int64()),
        ("country", pa.string()),
        ("payment_instrument", pa.string()),
        ("template_hash", pa.string()),
        ("model", pa.string()),
        ("capability", pa.string()),
        ("status", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_usd_micros", pa.int64()),
    ]
)


def account_texts(accounts: Ints, keys: Keys) -> pa.Array:
    """Names of accounts."""
    return hex_texts(mix(accounts, keys.text("account")), "acct_")


def write_events(
    plan: Plan,
    keys: Keys,
    seeds: list[np.random.SeedSequence],
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Draw and write every day, one at a time; how many events there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("events-*.parquet"):
        stale.unlink()
    total, in_file, number = 0, 0, 0
    writer: pq.ParquetWriter | None = None
    try:
        for day in range(plan.days):
            weekday = (WINDOW_START + timedelta(days=day)).weekday()
            events = draw_day(plan, keys, np.random.default_rng(seeds[day]), day, weekday, total)
            if writer is None:
                number += 1
                writer = pq.ParquetWriter(folder / f"events-{number:04d}.parquet", EVENT_SCHEMA, compression="zstd")
            writer.write_table(event_table(plan, keys, events, day, total))
            total, in_file = total + len(events), in_file + len(events)
            if in_file >= FILE_EVENTS:
                writer.close()
                writer, in_file = None, 0
            if progress is not None:
                progress(day + 1, plan.days)
    finally:
        if writer is not None:
            writer.close()
    return total


def event_table(plan: Plan, keys: Keys, events: DayEvents, day: int, first_event: int) -> pa.Table:
    """Events of a day in the columns of the event contract."""
    numbers = np.arange(first_event, first_event + len(events))
    micros = _START_MICROS + day * DAY * 1_000_000 + (events.seconds * 1e6).astype(np.int64)
    networks = plan.world.networks
    no_address = events.network < 0
    columns = [
        hex_texts(mix(numbers, keys.text("event"))),
        named(EVENT_TYPES, events.type),
        pa.array(micros).cast(pa.timestamp("us", "UTC")),
        account_texts(plan.columns["name"][events.account], keys),
        # Devices change the lower half of an IPv6 address every day.
        address_texts(events.address, mix(mix(events.account * 1_024 + day, keys.texts) ^ events.address, keys.texts)),
        pa.array(networks.asn[events.network], mask=no_address),
        named(_COUNTRY_CODES, networks.country[events.network]),
        hex_texts(mix(events.card, keys.text("card")), "card_", events.card < 0),
        hex_texts(mix(events.template, keys.text("template")), "", events.template < 0),
        named(plan.world.models.names, events.model),
        named(CAPABILITIES, events.capability),
        named(STATUSES, events.status),
        pa.array(events.tokens_in),
        pa.array(events.tokens_out),
        pa.array(events.cost),
    ]
    return pa.Table.from_arrays(columns, schema=EVENT_SCHEMA)


def write_accounts(plan: Plan, keys: Keys, rng: np.random.Generator, path: Path) -> None:
    """What the provider knows of each account, in no order."""
    order = rng.permutation(plan.named)
    columns = {name: values[order] for name, values in plan.columns.items()}
    organization = columns["organization"]
    table = pa.table(
        {
            "account_id": account_texts(order, keys),
            "created_at": pa.array(_START_MICROS + (columns["created"] * DAY * 1e6).astype(np.int64)).cast(
                pa.timestamp("us", "UTC")
            ),
            "email_domain": _domains(plan, columns["domain"], keys),
            "organization_id": hex_texts(mix(organization, keys.text("organization")), "org_", organization < 0),
            "tier": named(TIERS, columns["tier"]),
            "verified": pa.array(columns["verified"].astype(bool)),
            "status": named(ACCOUNT_STATUSES, columns["status"]),
        }
    )
    pq.write_table(table, path, compression="zstd")


def _domains(plan: Plan, domain: Ints, keys: Keys) -> pa.Array:
    import pyarrow.compute as pc

    free = named(plan.world.free_domains, np.where(domain < PRIVATE_DOMAINS, domain, -1))
    private = hex_texts(mix(domain, keys.text("domain")))
    private = pc.binary_join_element_wise(pc.utf8_slice_codeunits(private, 0, 9), "example", ".")
    return pc.coalesce(free, private)


def write_address_ranges(plan: Plan, path: Path) -> None:
    """Networks with their AS number and kind."""
    networks = plan.world.networks
    order = np.argsort(networks.base, kind="stable")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("cidr", "asn", "kind"))
        for row in order:
            # What a NAT answers from is a small part of what its network announces.
            announced = 18 if networks.kind[row] in (MOBILE, CAMPUS) else int(networks.prefix[row])
            base = int(networks.base[row]) >> (32 - announced) << (32 - announced)
            octets = ".".join(str((base >> shift) & 255) for shift in (24, 16, 8, 0))
            rows.writerow((f"{octets}/{announced}", int(networks.asn[row]), NETWORK_KINDS[networks.kind[row]]))
        homes = networks.of(RESIDENTIAL)
        for group, asn in sorted(set(zip(networks.six[homes].tolist(), networks.asn[homes].tolist(), strict=True))):
            rows.writerow((f"2a02:{group:04x}::/32", asn, NETWORK_KINDS[RESIDENTIAL]))


def write_model_releases(plan: Plan, path: Path) -> None:
    """Models and when each came out."""
    models = plan.world.models
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("model", "released_at"))
        for name, day in sorted(zip(models.names, models.released, strict=True)):
            released = WINDOW_START + timedelta(seconds=round(float(day) * DAY))
            rows.writerow((name, released.strftime("%Y-%m-%dT%H:%M:%SZ")))


def write_truth(plan: Plan, keys: Keys, rng: np.random.Generator, path: Path) -> None:
    """Group, its kind and whether it is malicious, of every account, in no order."""
    order = rng.permutation(plan.named)
    names = account_texts(order, keys).to_pylist()
    groups = hex_texts(mix(np.arange(len(plan.group_kinds)), keys.text("group")), "g_").to_pylist()
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("account_id", "group_id", "group_kind", "malicious"))
        for name, group in zip(names, plan.columns["group"][order], strict=True):
            if group < 0:
                rows.writerow((name, "", "ordinary", "false"))
            else:
                malicious = "true" if plan.group_malicious[group] else "false"
                rows.writerow((name, groups[group], plan.group_kinds[group], malicious))


def write_notes(plan: Plan, keys: Keys, path: Path) -> None:
    """What every campaign drew, to six significant digits, as JSON: for people who study a population, never for
    detection. The digits that are left out may differ from one processor to another.
    """
    import json

    groups = hex_texts(mix(np.arange(len(plan.group_kinds)), keys.text("group")), "g_").to_pylist()
    sizes = np.bincount(plan.columns["group"] + 1, minlength=len(groups) + 1)[1:]
    notes = [
        {
            "group_id": groups[row],
            "group_kind": plan.group_kinds[row],
            "accounts": int(sizes[row]),
            **{name: float(f"{value:.6g}") for name, value in plan.group_notes[row].items()},
        }
        for row in range(len(groups))
        if plan.group_malicious[row]
    ]
    notes.sort(key=lambda note: str(note["group_id"]))
    path.write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")
