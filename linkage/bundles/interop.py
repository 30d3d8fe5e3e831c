"""The finding in the formats of others: STIX 2.1 (OASIS) and GraphML.

STIX objects are written as mappings, not through a library that checks each: the tests have them validated.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from linkage.bundles.indicators import KEY_REFERENCE, PATTERN

if TYPE_CHECKING:
    import pyarrow

#: Namespace of identifiers of observable objects (STIX 2.1, 2.9).
_OBSERVABLE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
#: The marking definitions that STIX 2.1 defines itself (7.2.1.4), with the date that it gives them.
_TLP = {
    "white": "613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
#: An object in one line; made once, because making an encoder takes as long as a small object.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
#: Objects that a grouping names; the others hang on them.
_GROUPED = ("identity", "user-account", "infrastructure")


@dataclass(frozen=True, slots=True)
class Subject:
    """What the finding is about: its bundle, claim, sentences, mark and moment.

    ``abuse``: whether abuse is claimed. Readers of STIX take what is suspicious or a threat for that.
    """

    bundle: str
    claim: str
    description: str
    tlp: str
    at: datetime
    abuse: bool


def stix(
    subject: Subject,
    members: Sequence[Mapping[str, Any]],
    evidence: Sequence[Mapping[str, Any]],
    uses: pyarrow.Table | None,
    indicators: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """A STIX 2.1 bundle: accounts, the infrastructure that they share, what was observed on it, a grouping, a report.

    ``uses``: account, identifier, events, by numbers of the bundle. ``indicators``: what partners can match, each of
    which indicates infrastructure.
    """
    made = _Stix(subject)
    accounts = {member["account"]: made.account(member["account_id"]) for member in members}
    on: dict[int, list[str]] = {}
    for account, identifier, _events in _rows(uses):
        on.setdefault(identifier, []).append(accounts[account]["id"])
    objects = [made.marking(), made.producer(), *accounts.values()]
    for row in evidence:
        infrastructure = made.infrastructure(row)
        address = made.address(row)
        observed = [*on.get(row["identifier"], ()), *([address["id"]] if address is not None else [])]
        objects.append(infrastructure)
        if address is not None:
            objects.append(address)
        if observed:
            seen = made.observed(infrastructure["id"], row, observed)
            objects += [seen, made.related("consists-of", infrastructure["id"], seen["id"])]
    for row in indicators:
        indicator, infrastructure_id = made.indicator(row), made.infrastructure_id(row["kind"], row["pseudonym"])
        objects += [indicator, made.related("indicates", indicator["id"], infrastructure_id)]
    grouping = made.grouping([one["id"] for one in objects[1:] if one["type"] in _GROUPED])
    objects += [grouping, made.report([grouping["id"]])]
    head = {"type": "bundle", "id": f"bundle--{made.own('bundle', subject.bundle)}"}
    lines = ",\n".join(map(_encode, objects))
    return (json.dumps(head)[:-1] + ', "objects": [\n' + lines + "\n]}\n").encode()


def graphml(
    members: Sequence[Mapping[str, Any]], evidence: Sequence[Mapping[str, Any]], uses: pyarrow.Table | None
) -> bytes:
    """Members and the identifiers that they share, as far as ``uses`` tells.

    ``uses``: account, identifier, events, by numbers of the bundle.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *(
            f'<key id="{key}" for="{of}" attr.name="{name}" attr.type="{type_}"/>'
            for key, of, name, type_ in (
                ("t", "node", "type", "string"),
                ("l", "node", "label", "string"),
                ("m", "node", "membership", "double"),
                ("b", "node", "bits", "double"),
                ("e", "edge", "events", "long"),
            )
        ),
        '<graph edgedefault="undirected">',
    ]
    for row in members:
        lines.append(_node(f"a{row['account']}", "account", row["account_id"], "m", row["membership"]))
    for row in evidence:
        lines.append(_node(f"i{row['identifier']}", row["kind"], row["value"], "b", row["bits"]))
    for account, identifier, events in _rows(uses):
        lines.append(f'<edge source="a{account}" target="i{identifier}"><data key="e">{events}</data></edge>')
    return "\n".join([*lines, "</graph>", "</graphml>", ""]).encode()


def _rows(uses: pyarrow.Table | None) -> Iterator[tuple[int, int, int]]:
    """Uses: account, identifier, events."""
    if uses is not None:
        yield from zip(*(uses[name].to_pylist() for name in ("account", "identifier", "events")), strict=True)


def _node(number: str, type_: str, label: str, key: str, value: float) -> str:
    # XML 1.0 has no characters below 32 but tab and line ends.
    if not label.isprintable():
        label = "".join(c if c >= " " and c not in "\ufffe\uffff" else "\ufffd" for c in label)
    text = escape(label)
    return (
        f'<node id="{number}"><data key="t">{escape(type_)}</data><data key="l">{text}</data>'
        f'<data key="{key}">{value}</data></node>'
    )


class _Stix:
    """Objects of one bundle, with identifiers that follow from their content."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._at = _time(subject.at)
        self._mark = f"marking-definition--{_TLP[subject.tlp]}"
        self.producer_id = f"identity--{self.own('identity', 'linkage')}"

    def own(self, kind: str, name: str) -> str:
        """Identifier of something of ours."""
        text = f"{self._subject.bundle}/{kind}/{name}"
        # As random as a version 4 identifier has to be, and the same every time.
        return _uuid(hashlib.sha256(text.encode()).digest(), 4)

    def marking(self) -> dict[str, Any]:
        """The Traffic Light Protocol's mark."""
        tlp = self._subject.tlp
        return {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self._mark,
            "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp",
            "name": f"TLP:{tlp.upper()}",
            "definition": {"tlp": tlp},
        }

    def producer(self) -> dict[str, Any]:
        """Who says so: the program. The people are in the signature."""
        return self._object(
            "identity", self.producer_id, {"name": "linkage", "identity_class": "system"}, created_by=False
        )

    def account(self, name: str) -> dict[str, Any]:
        """A user account."""
        return self._observable("user-account", {"user_id": name})

    def address(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """An address, where the evidence is one and is told."""
        try:
            address = ipaddress.ip_address(row["value"])
        except ValueError:
            return None
        if row["kind"] != "ip_address":
            return None
        return self._observable(f"ipv{address.version}-addr", {"value": str(address)})

    def observed(self, infrastructure: str, row: Mapping[str, Any], refs: Sequence[str]) -> dict[str, Any]:
        """Accounts seen on infrastructure, how often, and when."""
        return self._object(
            "observed-data",
            f"observed-data--{self.own('observed-data', infrastructure)}",
            {
                "first_observed": _time(row["first_seen"]),
                "last_observed": _time(row["last_seen"]),
                "number_observed": min(max(int(row["events"]), 1), 999_999_999),
                "object_refs": list(refs),
            },
        )

    def infrastructure(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """An identifier that members share."""
        return self._object(
            "infrastructure",
            self.infrastructure_id(row["kind"], row["value"]),
            {
                "name": f"{row['kind']} {row['value']}",
                "description": f"{row['role']}: {row['members_on']} members, {row['degree']} accounts in all",
                "first_seen": _time(row["first_seen"]),
                "last_seen": _time(row["last_seen"]),
            },
        )

    def infrastructure_id(self, kind: str, value: str) -> str:
        """What the infrastructure of this kind and name is called."""
        return f"infrastructure--{self.own('infrastructure', f'{kind} {value}')}"

    def indicator(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """An identifier that whoever holds the exchange key can match."""
        return self._object(
            "indicator",
            f"indicator--{self.own('indicator', row['exchange'])}",
            {
                "name": f"{row['kind']} {row['pseudonym']}",
                "description": "Its HMAC-SHA256 under an exchange key, for whoever holds the key to match.",
                "indicator_types": ["anomalous-activity"],
                "pattern": PATTERN.format(kind=row["kind"], name=row["exchange"]),
                "pattern_type": "stix",
                "valid_from": _time(row["first_seen"]),
                "external_references": [{"source_name": KEY_REFERENCE, "external_id": row["key_id"]}],
            },
        )

    def related(self, how: str, source: str, target: str) -> dict[str, Any]:
        """How one object goes with another."""
        return self._object(
            "relationship",
            f"relationship--{self.own('relationship', source + target)}",
            {"relationship_type": how, "source_ref": source, "target_ref": target},
        )

    def grouping(self, refs: Sequence[str]) -> dict[str, Any]:
        """Everything that belongs together."""
        return self._object(
            "grouping",
            f"grouping--{self.own('grouping', 'cluster')}",
            {
                "name": self._subject.claim,
                "context": "suspicious-activity" if self._subject.abuse else "unspecified",
                "object_refs": sorted(set(refs)),
            },
        )

    def report(self, refs: Sequence[str]) -> dict[str, Any]:
        """The finding in words."""
        return self._object(
            "report",
            f"report--{self.own('report', 'finding')}",
            {
                "name": self._subject.bundle,
                "description": self._subject.description,
                "report_types": ["threat-report" if self._subject.abuse else "observed-data"],
                "published": self._at,
                "object_refs": list(refs),
            },
        )

    def _object(self, kind: str, number: str, fields: Mapping[str, Any], *, created_by: bool = True) -> dict[str, Any]:
        made = {
            "type": kind,
            "spec_version": "2.1",
            "id": number,
            "created": self._at,
            "modified": self._at,
            "object_marking_refs": [self._mark],
            **fields,
        }
        return {**made, "created_by_ref": self.producer_id} if created_by else made

    def _observable(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        digest = hashlib.sha1(_OBSERVABLE.bytes + _encode(fields).encode(), usedforsecurity=False).digest()
        return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{_uuid(digest, 5)}", **fields}


def _uuid(digest: bytes, version: int) -> str:
    """The first 128 bits of a digest as a UUID (RFC 9562); the class takes as long as everything else of an object."""
    number = bytearray(digest[:16])
    number[6] = number[6] & 0x0F | version << 4
    number[8] = number[8] & 0x3F | 0x80
    text = number.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _time(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
