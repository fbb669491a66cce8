"""How the UMF service-provider platform wants a call written and signed, and how its answers are opened. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from posd.gateways.base import Answer, Exchange, HttpRequest, doubtful
from posd.gateways.json_body import JsonValue, code_of, text_of
from posd.gateways.signing import java_map_text, joined_pairs, joined_values
from posd.gateways.texts import readable
from posd.gateways.umf import Opened, UmfKeys, V, exchange
from posd.gateways.umf_sp.settings import UmfSpSettings
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Doubt, Evidence, Unknown

# Called `signature` in calls, in answers and in our replies, `sign` in notifications.
_SIGNATURE = frozenset({"signature"})


class Wire:
    """Writes, signs and opens; knows the merchant and the keys, and nothing of what a call is for."""

    def __init__(self, settings: UmfSpSettings, keys: UmfKeys) -> None:
        self._settings = settings
        self._keys = keys

    @property
    def own(self) -> dict[str, str]:
        """Who we are: in every call, and in every notification that is ours."""
        return {"acqSpId": self._settings.acq_sp_id, "acqMerId": self._settings.acq_mer_id}

    def request(self, operation: str, fields: Mapping[str, str | None]) -> HttpRequest:
        """A call with these fields, the merchant's and the signature. What is blank is left out."""
        filled = {name: value.strip() for name, value in {**self.own, **fields}.items() if value and value.strip()}
        signed = {**filled, "signature": self._keys.private.sign(joined_pairs(filled, _SIGNATURE))}
        body = json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode()
        return HttpRequest(operation, f"/pay/{operation}", body, {"Content-Type": CONTENT_TYPE})

    def exchange(
        self,
        operation: str,
        fields: Mapping[str, str | None],
        judge: Callable[[Opened], V],
        credential: Secret | None = None,
    ) -> Exchange[V | Unknown]:
        """A call, and what ``judge`` makes of its answer once the signature holds."""
        return exchange(self.request(operation, fields), partial(self.open, credential=credential), judge)

    def open(self, fields: dict[str, JsonValue], credential: Secret | None = None) -> Opened | Answer[Unknown]:
        """An answer whose signature holds; else one that proves nothing.

        The evidence tells what was said of the order, where anything was, else of the call.
        """
        message = readable(fields.get("origRespDescMsg"), credential) or readable(fields.get("respMsg"), credential)
        shown = readable(code_of(fields, "origRespCode") or code_of(fields, "respCode"))
        if not self.is_signed(fields):
            return doubtful(Doubt.BAD_SIGNATURE, gateway_code=shown, gateway_message=message)
        return Opened(fields, code_of(fields, "respCode"), message or "", Evidence(shown, message))

    def is_signed(self, fields: Mapping[str, JsonValue]) -> bool:
        """Whether an answer is signed by the platform: ``v|v`` in ASCII order of the names, objects as in Java."""
        signature = text_of(fields, "signature")
        text = joined_values(fields, without=_SIGNATURE, text=java_map_text)
        return signature is not None and self._keys.platform.verify(text, signature)

    def is_signed_notice(self, fields: Mapping[str, str]) -> bool:
        """Whether a notification is signed by the platform: ``v|v`` in ASCII order of the names."""
        return self._keys.platform.verify(joined_values(fields), fields.get("sign", ""))

    def sign_reply(self, fields: Mapping[str, str]) -> str:
        """The signature of our reply to a notification, made as the platform makes that of its answers."""
        return self._keys.private.sign(joined_values(fields, without=_SIGNATURE))


CONTENT_TYPE = "application/json; charset=utf-8"
