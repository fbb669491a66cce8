"""Chaoying's answers to the calls that concern no payment. Pure; takes any bytes, never raises."""

from __future__ import annotations

from posd.gateways.base import Answer, CallResult, FaceAuth, HttpResponse
from posd.gateways.chaoying import codes
from posd.gateways.chaoying.operations import UNSIGNED_ANSWERS
from posd.gateways.chaoying.reply import Reply, opened, signature_holds
from posd.gateways.json_body import code_of, parse_object, text_of
from posd.gateways.texts import readable
from posd.payment.amounts import parse_fen
from posd.payment.auth_code import Secret
from posd.payment.verdicts import Evidence, Unknown


def read_face_auth(response: HttpResponse, key: Secret) -> Answer[FaceAuth | Unknown]:
    """2.1 获取SDK调用凭证. This edition lost the table of its answer; the fields are those of the later ones."""
    reply = opened(response, key)
    if not isinstance(reply, Reply):
        return Answer(reply.verdict, reply.evidence)
    return Answer(_credentials(reply) or codes.UNCLEAR, reply.evidence)


def _credentials(reply: Reply) -> FaceAuth | None:
    fields = reply.fields
    authinfo, appid = text_of(fields, "authinfo"), text_of(fields, "appid")
    mch_id = text_of(fields, "channel_mch_id") or text_of(fields, "wx_mch_id")
    seconds = parse_fen(fields.get("expires_in"))  # a number or a text of digits, as amounts are
    if not reply.succeeded or authinfo is None or appid is None or mch_id is None:
        return None
    return FaceAuth(
        authinfo,
        int(seconds or 0),
        appid,
        mch_id,
        sub_appid=text_of(fields, "sub_appid") or "",
        sub_mch_id=text_of(fields, "sub_mch_id") or text_of(fields, "wx_sub_mch_id") or "",
    )


def read_call(response: HttpResponse, key: Secret, operation: str) -> Answer[CallResult]:
    """Any call that a person made by hand: everything the platform said, and whether it was the platform."""
    fields = parse_object(response.body)
    if fields is None:
        return Answer(CallResult({}, verified=None, succeeded=False), Evidence(http_status=response.status))
    unsigned = operation in UNSIGNED_ANSWERS and not fields.get("sign")
    verified = None if unsigned else signature_holds(fields, key)
    code = code_of(fields, "code")
    # The code of GetMchSMSValid is none, but the minutes that the message is good for.
    done = code not in codes.ALL if operation == "GetMchSMSValid" else code == codes.OK
    succeeded = response.status == 200 and verified is not False and done and fields.get("state") == codes.SUCCESS
    status = None if response.status == 200 else response.status
    evidence = Evidence(code, readable(text_of(fields, "msg")), status)
    return Answer(CallResult(fields, verified=verified, succeeded=succeeded), evidence)
