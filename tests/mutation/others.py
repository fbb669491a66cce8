"""Breaks of the refund machine, the codecs, the wire, the shell and the journal."""

from __future__ import annotations

from tests.mutation.mutation import Edit, Mutation, one

REFUND = "posd/payment/refund.py"
REFUNDS = (
    one(
        "believe the refusal of a repeated refund",
        REFUND,
        "case RefundFailed() if refund.requests > 1:",
        "case RefundFailed() if False:",
    ),
    one(
        "forget a refund whose answer was lost",
        REFUND,
        "before = _lost(refund, refund.sent_at_ms) if refund.awaiting else refund",
        "before = refund",
    ),
    one(
        "take a lost refund answer for a failure",
        REFUND,
        "return _lost(refund, answer.asked_at_ms) if missing else refund",
        "return _replace(refund, outcome=RefundStatus.FAILED)",
    ),
    one(
        "do not send again what is not sure",
        REFUND,
        "case RefundNotSure():\n            return _replace(refund, resend=True)",
        "case RefundNotSure():\n            return refund",
    ),
    one(
        "believe a failure while another request may arrive",
        REFUND,
        "case RefundFailed() if refund.requests == 1 or not _may_arrive(refund, answer.asked_at_ms):",
        "case RefundFailed():",
    ),
    one(
        "believe not-found while another request may arrive",
        REFUND,
        "case NotFound() if not _may_arrive(refund, answer.asked_at_ms):",
        "case NotFound():",
    ),
    one(
        "ask after a refused refund for ever",
        REFUND,
        "case NotFound() if not _may_arrive(refund, answer.asked_at_ms):",
        "case NotFound() if False:",
    ),
    one(
        "trust the time of a refund across a reboot",
        REFUND,
        "left_at_ms = refund.sent_at_ms or 0 if clock_trusted else now_ms",
        "left_at_ms = refund.sent_at_ms or 0",
    ),
    one("take a refund by hand for done", REFUND, "outcome=RefundStatus.MANUAL)", "outcome=RefundStatus.SUCCEEDED)"),
    one(
        "free the amount of a refund by hand",
        REFUND,
        "if self.status is RefundStatus.FAILED else self.amount",
        "if self.status in {RefundStatus.FAILED, RefundStatus.MANUAL} else self.amount",
    ),
    one(
        "take not-found for a failed refund",
        REFUND,
        "            return _replace(refund, resend=True)\n        case NotFound() if not _may_arrive",
        "            return _replace(refund, outcome=RefundStatus.FAILED)\n        case NotFound() if not _may_arrive",
    ),
)
"""Breaks of the refund machine."""

CHAOYING = "posd/gateways/chaoying"
CODECS = (
    one(
        "chaoying: believe a bad signature",
        f"{CHAOYING}/reply.py",
        "if not signature_holds(fields, key):",
        "if False:",
        ("chaoying",),
    ),
    one(
        "chaoying: believe an unsigned answer",
        f"{CHAOYING}/reply.py",
        "        if sign_due:\n",
        "        if False:\n",
        ("chaoying",),
    ),
    one(
        "chaoying: take any amount",
        f"{CHAOYING}/payments.py",
        'text_of(fields, "out_trade_no") == order_no and due == amount',
        'text_of(fields, "out_trade_no") == order_no',
        ("chaoying",),
    ),
    Mutation(
        "chaoying: take any order",
        (
            Edit(
                f"{CHAOYING}/payments.py",
                'text_of(fields, "out_trade_no") == order_no and due == amount',
                "due == amount",
            ),
            Edit(
                f"{CHAOYING}/payments.py",
                'if reply.differs("out_trade_no", order_no) or reply.differs_in_fen',
                "if reply.differs_in_fen",
            ),
        ),
        ("chaoying",),
    ),
    one(
        "chaoying: take an unknown code for a decline",
        f"{CHAOYING}/reply.py",
        "return table.get(code, codes.UNCLEAR) if fits else codes.UNCLEAR",
        "return table.get(code, codes.REJECTED) if fits else codes.UNCLEAR",
        ("chaoying",),
    ),
    one(
        "chaoying: take a repeated order number for a decline",
        f"{CHAOYING}/payments.py",
        "if verdict == codes.REJECTED and codes.REPEATED.search(reply.message):",
        "if False:",
        ("chaoying",),
    ),
    one(
        "chaoying: cancel without a floor",
        f"{CHAOYING}/codec.py",
        "_CANCEL_FLOOR_MS = 15_000",
        "_CANCEL_FLOOR_MS = 0",
        ("chaoying",),
    ),
    one(
        "umf-huishang: believe a bad signature",
        "posd/gateways/umf_huishang/wire.py",
        "        if order is None:\n            return doubtful(Doubt.BAD_SIGNATURE",
        "        if False:\n            return doubtful(Doubt.BAD_SIGNATURE",
        ("umf_huishang",),
    ),
    one(
        "umf-huishang: take any amount",
        "posd/gateways/umf_huishang/answers.py",
        "if given_no != order_no or due != amount:",
        "if given_no != order_no:",
        ("umf_huishang",),
    ),
    one(
        "umf-sp: believe a bad signature",
        "posd/gateways/umf_sp/wire.py",
        "if not self.is_signed(fields):",
        "if False:",
        ("umf_sp",),
    ),
    one(
        "umf-sp: take any order and amount",
        "posd/gateways/umf_sp/answers.py",
        'return answer.names_other("orderNo", order_no) or answer.differs("txnAmt", amount)',
        "return False",
        ("umf_sp",),
    ),
    one(
        "chinaums: believe a bad signature",
        "posd/gateways/chinaums/wire.py",
        "if verified(response, settings) is False:",
        "if False:",
        ("chinaums",),
    ),
    one(
        "chinaums: take any amount",
        "posd/gateways/chinaums/wire.py",
        'return None if named == amount else self.doubt(Doubt.MISMATCH, note=f"speaks of {named} fen")',
        "return None",
        ("chinaums",),
    ),
    one(
        "daxpay: believe a bad signature",
        "posd/gateways/daxpay/answers.py",
        "or not is_signed(data, settings):",
        "or False:",
        ("daxpay",),
    ),
    one(
        "daxpay: take any amount",
        "posd/gateways/daxpay/answers.py",
        "return None if named == amount else data.doubt(",
        "return None if named else data.doubt(",
        ("daxpay",),
    ),
    one(
        "daxpay: take any order",
        "posd/gateways/daxpay/answers.py",
        "return None if named == order_no else data.doubt(",
        "return None if named else data.doubt(",
        ("daxpay",),
    ),
    one(
        "take a lost answer for a request that never left",
        "posd/gateways/transport.py",
        '            raise NoAnswerError(f"no answer within {timeout_s:g} s") from error',
        '            raise NotSentError(f"no answer within {timeout_s:g} s") from error',
        ("transport",),
    ),
    one(
        "take a broken connection for a request that never left",
        "posd/gateways/transport.py",
        "            raise NoAnswerError(_reason(error)) from error\n\n    async def warm",
        "            raise NotSentError(_reason(error)) from error\n\n    async def warm",
        ("transport",),
    ),
)
"""Breaks of the codecs and of the wire."""

CASE = "posd/checkout/case.py"
CHECKOUT = "posd/checkout/checkout.py"
SHELL_GUARDS = ("checkout", "idempotency", "simulation")
SHELL = (
    one(
        "tell before it is on disk",
        CASE,
        "        await self._shop.journal.append(batch)\n        settled",
        "        asyncio.get_running_loop().create_task(self._shop.journal.append(batch))\n        settled",
        SHELL_GUARDS,
    ),
    one(
        "skip the journal",
        CASE,
        "        await self._shop.journal.append(batch)\n        settled",
        "        settled",
        SHELL_GUARDS,
    ),
    one(
        "send a cancel without its record",
        CASE,
        "            await self._record(VoidSent(now_ms, step))\n",
        "            self.payment = state_machine.apply(self.payment, VoidSent(now_ms, step))\n",
        SHELL_GUARDS,
    ),
    one(
        "go on in memory when the journal fails",
        CASE,
        "        await self._shop.journal.append(batch)\n"
        "        settled = after.status.final and not self.payment.status.final\n        self.payment = after\n",
        "        settled = after.status.final and not self.payment.status.final\n        self.payment = after\n"
        "        await self._shop.journal.append(batch)\n",
        SHELL_GUARDS,
    ),
    one(
        "give up when the journal fails",
        CASE,
        "                await asyncio.sleep(JOURNAL_RETRY_S)",
        "                return",
        SHELL_GUARDS,
    ),
    one(
        "pay before the submit is on disk",
        CHECKOUT,
        "                await self._shop.journal.append(batch)\n            except KeyTaken as error:",
        "                asyncio.get_running_loop().create_task(self._shop.journal.append(batch))\n"
        "            except KeyTaken as error:",
        SHELL_GUARDS,
    ),
    one(
        "forget what is open after a restart",
        CHECKOUT,
        "            elif payment.live:\n",
        "            elif False:\n",
        SHELL_GUARDS,
    ),
    one(
        "forget the idempotency key",
        CHECKOUT,
        "batch = Batch(keys=[Key(key.key, key.fingerprint, payment.payment_id)]).payment(",
        "batch = Batch().payment(",
        SHELL_GUARDS,
    ),
    one("date questions by the line of time", "posd/gateways/factory.py", ", wall_ms=clock.wall_ms", "", ("process",)),
    one(
        "trust every clock",
        CHECKOUT,
        "event = Resumed(now_ms, self._shop.journal.clock_trusted)",
        "event = Resumed(now_ms, True)",
        SHELL_GUARDS,
    ),
    one(
        "record a restart piece by piece",
        "posd/checkout/resuming.py",
        "payments, given_back = await checkout.take_up(batch), await refunds.take_up(batch)\n",
        "payments = await checkout.take_up(batch)\n"
        "    await journal.append(batch)\n"
        "    batch = Batch()\n"
        "    given_back = await refunds.take_up(batch)\n",
        SHELL_GUARDS,
    ),
    one(
        "refund more than was taken",
        "posd/checkout/refunds.py",
        "        if amount > left:\n",
        "        if False:\n",
        ("simulation",),
    ),
    one(
        "send a refund without its record",
        "posd/checkout/refunds.py",
        "refund = await self._record(refund, RefundSent(now_ms))",
        "refund = machine.apply(refund, RefundSent(now_ms))",
        ("simulation",),
    ),
    one(
        "take a commit that failed for one that stands",
        "posd/journal/writer.py",
        "        self._seq, self._hash, self._mark = before\n        if self._db.in_transaction:",
        "        if self._db.in_transaction:",
        ("journal", "simulation"),
    ),
    one(
        "leave the chain open",
        "posd/journal/writer.py",
        "digest = chain(self._hash, seq,",
        "digest = chain(GENESIS, seq,",
        ("journal", "simulation"),
    ),
    one(
        "close no half transaction",
        "posd/journal/writer.py",
        '            self._db.execute("ROLLBACK")\n',
        "            pass\n",
        ("journal", "simulation"),
    ),
)
"""Breaks of the shell and the journal."""
