"""ChinaUMS 1.8 支付结果通知: a form whose text is signed with a key behind it. Pure."""

from __future__ import annotations

from posd.gateways.base import HttpResponse, Notice
from posd.gateways.chinaums.netpay import read_order
from posd.gateways.chinaums.settings import ChinaumsSettings
from posd.gateways.chinaums.wire import Reply
from posd.gateways.json_body import parse_form
from posd.gateways.signing import joined_pairs, matches, md5_with_key_appended, sha256_with_key_appended

TAKEN = HttpResponse(200, b"SUCCESS", {"content-type": "text/plain"})
NOT_TAKEN = HttpResponse(200, b"FAILED", {"content-type": "text/plain"})


def read_notice(request: HttpResponse, settings: ChinaumsSettings) -> Notice | None:
    """A rightly signed notification of an order; None for anything else."""
    fields = parse_form(request.body)
    if fields is None or not is_signed(fields, settings):
        return None
    order_no = fields.get("merOrderId")
    if not order_no:
        return None
    reply = Reply({**fields, "errCode": "SUCCESS"}, said="status")
    return Notice(order_no, lambda order: read_order(reply, order), TAKEN, NOT_TAKEN)


def is_signed(fields: dict[str, str], settings: ChinaumsSettings) -> bool:
    """1.8.4 签名规则: every field that came but ``sign`` itself, ``signType`` too.

    The document prints SHA-256 in lower case, real notifications have it in upper case: the case does not count.
    """
    text = joined_pairs(fields)
    sha256 = fields.get("signType") == "SHA256"
    expected = (sha256_with_key_appended if sha256 else md5_with_key_appended)(text, settings.notify_key)
    return matches(expected.lower(), fields.get("sign", "").lower())
