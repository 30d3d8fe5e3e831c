"""An OpenID provider of the test's own: discovery, a page to choose a person on, codes with PKCE, and signed tokens."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "linkage", "a secret that only the two of them know"


@dataclass
class Issuer:
    """The provider at ``url``. ``people``: name → claims. ``signs`` may be another key than the one it publishes."""

    url: str
    people: dict[str, dict[str, Any]]
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signs: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def code(self, person: str, request: dict[str, str]) -> str:
        code = secrets.token_urlsafe(24)
        self.asked[code] = {**request, "person": person}
        return code

    def tokens(self, form: dict[str, str]) -> dict[str, Any]:
        """Tokens for a code, which works once, for whoever began with its challenge."""
        request = self.asked.pop(form["code"])
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == request["code_challenge"]
        assert form["redirect_uri"] == request["redirect_uri"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": request["nonce"]}
        claims |= self.people[request["person"]]
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.signs or self.key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 600, "id_token": signed}


@contextmanager
def issuing(people: dict[str, dict[str, Any]]) -> Iterator[Issuer]:
    """Run a provider that knows ``people`` until the block ends. For a browser it is another site than 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.issuer = issuer = Issuer(f"http://localhost:{server.server_port}", people)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: Issuer = self.server.issuer  # type: ignore[attr-defined]
        path, query = urlsplit(self.path).path, _flat(urlsplit(self.path).query)
        if path == "/.well-known/openid-configuration":
            self._answer("application/json", json.dumps(issuer.configuration()))
        elif path == "/jwks":
            self._answer("application/json", json.dumps({"keys": [issuer.key.as_dict(private=False)]}))
        elif path == "/authorize":
            assert (query["client_id"], query["response_type"]) == (CLIENT, "code")
            links = "".join(
                f'<p><a href="/chosen?{html.escape(urlencode(query | {"person": name}))}">{html.escape(name)}</a></p>'
                for name in issuer.people
            )
            self._answer("text/html", f"<!doctype html><title>Who?</title><h1>Who are you?</h1>{links}")
        elif path == "/chosen":
            back = urlencode({"code": issuer.code(query.pop("person"), query), "state": query["state"]})
            self.send_response(302)
            self.send_header("location", f"{query['redirect_uri']}?{back}")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        issuer: Issuer = self.server.issuer  # type: ignore[attr-defined]
        form = _flat(self.rfile.read(int(self.headers["content-length"])).decode())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {basic}" or form.get("code") not in issuer.asked:
            self.send_error(401)
            return
        self._answer("application/json", json.dumps(issuer.tokens(form)))

    def _answer(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the test says what went wrong."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
