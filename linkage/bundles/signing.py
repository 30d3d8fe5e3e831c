"""Signatures with SSH keys, by ``ssh-keygen -Y``: anybody can check them with what their system has already."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from linkage.errors import ConfigurationError, UsageError

#: Signatures count for this and for nothing else: https://github.com/openssh/openssh-portable PROTOCOL.sshsig.
NAMESPACE = "linkage-evidence"
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
_WIDTH = 70
_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}\Z")


@dataclass(frozen=True, slots=True)
class Key:
    """A signer's key: who, where the private half lies, and the public half as ``type base64``."""

    principal: str
    path: Path
    public: str

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` prints it."""
        return fingerprint_of(self.public)

    @property
    def name(self) -> str:
        """What the signature's file is called."""
        return name_of(self.fingerprint)

    @property
    def allowed(self) -> str:
        """The line by which others trust it."""
        return f'{self.principal} namespaces="{NAMESPACE}" {self.public}\n'


class Keys:
    """The keys of a workspace in the folder ``root``; ``allowed_signers`` is whom the workspace trusts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.allowed_signers = root / "allowed_signers"

    def new(self, principal: str) -> Key:
        """Make a key for ``principal``, and trust it.

        Raises:
            UsageError: there is one already, or the name is none that a list of signers can hold.
            ConfigurationError: ssh-keygen is missing or fails.
        """
        path = self._path(principal)
        if path.exists():
            raise UsageError("there is a key of that name already", hint="Keys are not replaced: choose another name.")
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _run("-q", "-t", "ed25519", "-N", "", "-C", principal, "-f", str(path))
        key = self.key(principal)
        with self.allowed_signers.open("a", encoding="ascii") as stream:
            stream.write(key.allowed)
        return key

    def public(self, principal: str) -> Key | None:
        """The key of ``principal`` as others know it, who need not be able to read its private half; None without one.

        Raises:
            UsageError: the name is none that a list of signers can hold.
        """
        path = self._path(principal)
        public = path.with_name(path.name + ".pub")
        if not public.is_file():
            return None
        return Key(principal, path, " ".join(public.read_text(encoding="utf-8").split()[:2]))

    def has(self, principal: str) -> bool:
        """Whether there is a key for ``principal``."""
        return self._path(principal).exists()

    def key(self, principal: str) -> Key:
        """The key of ``principal``.

        Raises:
            UsageError: there is none.
        """
        found = self.public(principal)
        if found is None or not found.path.exists():
            raise UsageError("there is no key to sign with", hint="Make one with `linkage key new`.")
        return found

    def _path(self, principal: str) -> Path:
        if not _PRINCIPAL.match(principal):
            raise UsageError("a signer's name is letters, digits and . _ @ + -")
        return self._root / f"{principal}.ed25519"


def sign(key: Key, data: bytes) -> bytes:
    """Signature of ``data``; of an Ed25519 key always the same.

    Raises:
        ConfigurationError: ssh-keygen is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="linkage-") as folder:
        target = Path(folder, "data")
        target.write_bytes(data)
        _run("-q", "-Y", "sign", "-f", str(key.path), "-n", NAMESPACE, str(target))
        return target.with_name("data.sig").read_bytes()


def intact(signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` is one of ``data`` in our namespace, whoever made it; written as ssh-keygen writes them.

    Raises:
        ConfigurationError: ssh-keygen is missing.
    """
    return _canonical(signature) and _asked(signature, data, "check-novalidate", "-n", NAMESPACE)


def made(signature: bytes, data: bytes, fingerprint: str) -> bool:
    """Whether ``signature`` is one of ``data``, under the key of that ``fingerprint``.

    Raises:
        ConfigurationError: ssh-keygen is missing.
    """
    return _canonical(signature) and fingerprint_in(signature) == fingerprint and intact(signature, data)


def trusted(signature: bytes, data: bytes, principal: str, allowed: Path) -> bool:
    """Whether ``allowed`` (a file of allowed signers) lets this key of ``principal`` sign evidence.

    Raises:
        ConfigurationError: ssh-keygen is missing.
    """
    arguments = ("-n", NAMESPACE, "-f", str(allowed), "-I", principal)
    return bool(_PRINCIPAL.match(principal)) and _asked(signature, data, "verify", *arguments)


def fingerprint_in(signature: bytes) -> str:
    """Fingerprint of the key that a canonical signature names."""
    blob = _blob(signature)
    # PROTOCOL.sshsig: magic (6), version (4), then the public key as a string with its length (4).
    length = int.from_bytes(blob[10:14])
    return _fingerprint(blob[14 : 14 + length])


def fingerprint_of(public: str) -> str:
    """Fingerprint of a public key in the form ``type base64``."""
    return _fingerprint(base64.b64decode(public.split()[1]))


def name_of(fingerprint: str) -> str:
    """What the signature file of a key is called: base64 has characters that file names have not."""
    return hashlib.sha256(fingerprint.encode("ascii")).hexdigest()[:16]


def path_of(fingerprint: str) -> str:
    """Where in a bundle the signature of a key lies."""
    return f"signatures/{name_of(fingerprint)}.sshsig"


def _fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def _blob(signature: bytes) -> bytes:
    lines = signature.split(b"\n")
    return base64.b64decode(b"".join(lines[1:-2]), validate=True)


def _canonical(signature: bytes) -> bool:
    """Whether these are the very bytes that ssh-keygen writes: no room to alter what it would read past."""
    try:
        text = base64.b64encode(_blob(signature))
    except (binascii.Error, ValueError):
        return False
    body = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return signature == b"\n".join([_BEGIN, *body, _END, b""])


def _asked(signature: bytes, data: bytes, action: str, *arguments: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="linkage-") as folder:
        path = Path(folder, "signature")
        path.write_bytes(signature)
        try:
            done = subprocess.run(
                ["ssh-keygen", "-Y", action, "-s", str(path), *arguments], input=data, capture_output=True, check=False
            )
        except FileNotFoundError as fault:
            raise _missing() from fault
    return done.returncode == 0


def _run(*arguments: str) -> None:
    try:
        subprocess.run(["ssh-keygen", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except FileNotFoundError as fault:
        raise _missing() from fault
    except subprocess.CalledProcessError as fault:
        raise ConfigurationError(
            f"ssh-keygen ended with {fault.returncode}", hint="OpenSSH 8.2 or newer is needed (`ssh -V`)."
        ) from fault


def _missing() -> ConfigurationError:
    return ConfigurationError(
        "the program ssh-keygen is not installed, and signatures are made and checked with it",
        hint="Install OpenSSH's client (on Debian: apt-get install openssh-client).",
    )
