"""Ways to break posd, each a small change of its source, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass

PAYMENT = ("payment", "exploration")
"""Who guards the pure machine: its unit tests and the exploration."""

ANSWERS = "posd/payment/answers.py"
MACHINE = "posd/payment/state_machine.py"
FACTS = "posd/payment/payment.py"
SCHEDULE = "posd/payment/schedule.py"
REFUND = "posd/payment/refund.py"


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that stands exactly once in a file, and what takes its place."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """One break."""

    name: str
    edits: tuple[Edit, ...]
    guards: tuple[str, ...] = PAYMENT
    """The suites that are asked, in this order, until one fails."""


def _one(name: str, path: str, old: str, new: str, guards: tuple[str, ...] = PAYMENT) -> Mutation:
    return Mutation(name, (Edit(path, old, new),), guards)


MONEY = (
    _one(
        "forget what follows by itself", MACHINE, "while (following := consequence(", "while (following := None and ("
    ),
    _one(
        "trust a stale answer",
        ANSWERS,
        "return payment.undo_since_ms is not None and answer.asked_at_ms < payment.undo_since_ms",
        "return False",
    ),
    _one(
        "fail on not-found",
        MACHINE,
        "    if _will_not_arrive(payment, rules):",
        "    if payment.not_found_at_ms is not None:",
    ),
    _one(
        "take not-found after a cancel for its proof",
        MACHINE,
        "payment.cancels > 0 and _will_not_arrive(payment, rules)",
        "payment.cancels > 0 and payment.not_found_at_ms is not None",
    ),
    _one(
        "end a void by not-found without a cancel",
        MACHINE,
        "(payment.cancels > 0 and _will_not_arrive(payment, rules))",
        "_will_not_arrive(payment, rules)",
    ),
    _one(
        "ignore the arrival horizon",
        FACTS,
        "return self._sure_of(self.attempted_at_ms) + rules.arrival_horizon_ms",
        "return self._sure_of(self.attempted_at_ms)",
    ),
    _one(
        "count not-found from the answer, not from the question",
        ANSWERS,
        "payment.but(not_found_at_ms=answer.asked_at_ms)",
        "payment.but(not_found_at_ms=answer.at_ms)",
    ),
    _one(
        "cancel before the floor",
        SCHEDULE,
        "floor_ms = max(payment.floor_ms(rules), activity.handed_over_at_ms + rules.void.floor_ms)",
        "floor_ms = 0",
    ),
    _one(
        "count the floor from the record alone",
        SCHEDULE,
        "floor_ms = max(payment.floor_ms(rules), activity.handed_over_at_ms + rules.void.floor_ms)",
        "floor_ms = payment.floor_ms(rules)",
    ),
    _one(
        "cancel before the floor after a reboot",
        FACTS,
        "return self._sure_of(self.attempted_at_ms) + rules.void.floor_ms",
        "return (self.attempted_at_ms or 0) + rules.void.floor_ms",
    ),
    _one(
        "submit again after a lost answer",
        ANSWERS,
        "    if isinstance(answer.verdict, Unknown):\n",
        "    if isinstance(answer.verdict, Unknown) and answer.source is Source.PAY:\n"
        "        return heard.but(unsent=True)\n"
        "    if isinstance(answer.verdict, Unknown):\n",
    ),
    _one(
        "submit again after a restart",
        MACHINE,
        'Every attempt so far certainly never left."""\n    if payment.interrupted:',
        'Every attempt so far certainly never left."""\n    if False:',
    ),
    _one(
        "submit again by an old NotSent",
        ANSWERS,
        "answer.source is Source.PAY and answer.asked_at_ms >= (payment.attempted_at_ms or 0)",
        "answer.source is Source.PAY",
    ),
    _one(
        "submit again what the gateway knows",
        ANSWERS,
        "return of_the_latest and payment.standing is None",
        "return of_the_latest",
    ),
    _one(
        "pay from a restarted process",
        SCHEDULE,
        "return Activity(refund_known=",
        "return Activity(can_pay=True, refund_known=",
    ),
    _one("forget the void at the end of the window", MACHINE, "if now_ms >= payment.window_ends_ms():", "if False:"),
    Mutation(
        "accept paid after the void",
        (
            Edit(
                MACHINE,
                "    proven = payment.over is not None or payment.unsent\n",
                "    if payment.paid is not None:\n        return Resolved(now_ms, Status.PAID)\n"
                "    proven = payment.over is not None or payment.unsent\n",
            ),
            Edit(MACHINE, "return payment.paid is not None and payment.void_by is None", "return True"),
        ),
    ),
    _one(
        "let the window win over what is known to be paid",
        MACHINE,
        "    if payment.paid is not None:\n        return Resolved(now_ms, Status.PAID)\n",
        "    if payment.paid is not None and now_ms < payment.window_ends_ms():\n"
        "        return Resolved(now_ms, Status.PAID)\n",
    ),
    _one(
        "take NotSent for a decline",
        ANSWERS,
        "return payment.but(unsent=True)",
        "return _over(payment, answer, Reason.DECLINED)",
    ),
    _one(
        "take NotSent for no answer",
        ANSWERS,
        "case NotSent() if _never_left(payment, answer):",
        "case NotSent() if False:",
    ),
    _one(
        "take NotSent of a query for one of pay",
        ANSWERS,
        "of_the_latest = answer.source is Source.PAY and",
        "of_the_latest = True and",
    ),
    _one(
        "let pending end it",
        ANSWERS,
        "        case Pending(qr_code):\n",
        "        case Pending():\n            return _over(payment, answer, Reason.DECLINED)\n"
        "        case Pending(qr_code):\n",
    ),
    _one(
        "let no answer end it",
        ANSWERS,
        "            return heard.attended(_cause(answer, Reason.AMOUNT_MISMATCH))\n        return heard\n",
        "            return heard.attended(_cause(answer, Reason.AMOUNT_MISMATCH))\n"
        "        return _over(heard, answer, Reason.DECLINED)\n",
    ),
    _one(
        "take a cancel that was taken for one that was done",
        ANSWERS,
        "case Closed() | Refunded():",
        "case Closed() | Refunded() | Accepted():",
    ),
    _one(
        "take a refusal for a proof", ANSWERS, "case Closed() | Refunded():", "case Closed() | Refunded() | Refused():"
    ),
    _one(
        "take a lost cancel answer for a proof",
        ANSWERS,
        "    if isinstance(answer.verdict, Unknown):\n",
        "    if isinstance(answer.verdict, Unknown) and answer.source is Source.CANCEL:\n"
        "        return _over(heard, answer, Reason.DECLINED)\n"
        "    if isinstance(answer.verdict, Unknown):\n",
    ),
    _one(
        "take a refund in progress for one that was done",
        ANSWERS,
        "case RefundDone() if payment.refund_sent_at_ms is not None:",
        "case RefundDone() | RefundProcessing() if payment.refund_sent_at_ms is not None:",
    ),
    _one(
        "take a word about any refund for ours",
        ANSWERS,
        "case RefundDone() if payment.refund_sent_at_ms is not None:",
        "case RefundDone():",
    ),
    _one(
        "cancel once and never again",
        SCHEDULE,
        "activity.undoing or payment.unsent:",
        "activity.undoing or payment.unsent or payment.cancels:",
    ),
    _one(
        "stop asking once it is voided",
        FACTS,
        "and not self.unsent and (not self.status.final or self.must_undo)",
        "and not self.unsent and self.void_by is None",
    ),
    _one("never refund", FACTS, "refund = past_deadline or hopeless", "refund = False and hopeless"),
    _one(
        "refund what is not known to be paid",
        FACTS,
        "        if self.paid is None:\n            return UndoStep.CANCEL\n",
        "",
    ),
    _one("forget that a gateway reverses nothing", FACTS, "or not terms.reverses_paid or", "or"),
    _one("never give up on a cancel that is refused", FACTS, "or self.refusals >= REFUSALS_BEFORE_REFUND", ""),
    _one("change the refund number", FACTS, 'return f"{self.order_no}V"', 'return f"{self.order_no}V{self.cancels}"'),
    _one("send a refund again without asking", SCHEDULE, "known = unclear or isinstance(", "known = isinstance("),
    _one(
        "send a refund again after a restart",
        SCHEDULE,
        "Activity(refund_known=payment.refund_sent_at_ms is not None)",
        "Activity()",
    ),
    _one(
        "forget what is not proven after the end",
        FACTS,
        "or (self.turned_up_at_ms is not None and self.reversed_at_ms is None)",
        "",
    ),
    _one("ask no more about what was not received", MACHINE, "if not_received else (),", "if False else (),"),
    _one(
        "take a question without an answer for a follow-up",
        ANSWERS,
        "if asked and isinstance(answer.verdict, Paid | Pending | Declined | Closed | Refunded | NotFound):",
        "if asked:",
    ),
    _one(
        "let the end be changed by a late answer",
        ANSWERS,
        "    if payment.status.final and not payment.must_undo:\n        return _after_the_end(heard, answer)\n",
        "    if payment.status is Status.FAILED and isinstance(answer.verdict, Paid):\n"
        "        return heard.but(status=Status.PAID, standing=answer.verdict)\n"
        "    if payment.status.final and not payment.must_undo:\n        return _after_the_end(heard, answer)\n",
    ),
    _one(
        "reverse without telling anybody",
        ANSWERS,
        "return alive.attended(_cause(answer, Reason.CONTRADICTION))",
        "return alive",
    ),
    _one(
        "leave what turns up after NotSent",
        ANSWERS,
        "        unsent=False,\n        turned_up_at_ms",
        "        turned_up_at_ms",
    ),
    _one(
        "hide a contradiction of paid",
        ANSWERS,
        "case Status.PAID, Declined() | Closed():",
        "case Status.PAID, Declined() if asked:",
    ),
    _one(
        "believe an old paid after the end",
        ANSWERS,
        "asking = payment.but(follow_ups_ms=(answer.at_ms, *payment.follow_ups_ms))",
        "asking = payment",
    ),
    _one("hide another amount", ANSWERS, "if answer.verdict.doubt is Doubt.MISMATCH:", "if False:"),
    _one(
        "hide a slow void",
        MACHINE,
        "SLOW_VOID_MS and not payment.attends(Reason.SLOW_VOID):",
        "SLOW_VOID_MS and False:",
    ),
    _one(
        "lose what ends it as a repetition",
        MACHINE,
        "    if isinstance(consequence(after, answer.at_ms, rules), Resolved):\n        return True\n",
        "",
    ),
    _one(
        "lose what changes something as a repetition",
        MACHINE,
        "return payment != after.but(",
        "return payment is None and after.but(",
    ),
    _one("try an unreachable gateway for ever", MACHINE, "if now_ms >= _unreachable_at_ms(payment):", "if False:"),
    _one(
        "go on waiting for a code after a restart",
        MACHINE,
        "_void_reason(payment))\n    if payment.interrupted:",
        "_void_reason(payment))\n    if False:",
    ),
    _one(
        "wait for a hanging query",
        SCHEDULE,
        "if at_ms is None or now_ms < at_ms:\n        return ()\n    if len(activity.queries_ms)",
        "if at_ms is None or now_ms < at_ms or activity.queries_ms:\n        return ()\n"
        "    if len(activity.queries_ms)",
    ),
    _one(
        "ask after the pay request, not beside it",
        SCHEDULE,
        "return activity.paying_since_ms + PAY_PATIENCE_MS",
        "return None",
    ),
    _one(
        "count the window of a code from the submit",
        FACTS,
        "start = self.shown_at_ms or self.submitted_at_ms",
        "start = self.submitted_at_ms",
    ),
    _one(
        "take the discount for paid",
        "posd/payment/amounts.py",
        "return cls(amount, Fen(amount - pay_amount), pay_amount)",
        "return cls(amount, pay_amount, Fen(amount - pay_amount))",
    ),
    _one(
        "tell amounts of what is not paid",
        FACTS,
        "if self.paid is not None and self.status is Status.PAID else None",
        "if self.paid is not None else None",
    ),
)
"""Breaks of the payment machine."""

CLOCK = (
    _one(
        "trust the time across a reboot",
        MACHINE,
        "since = payment.sure_since_ms if event.clock_trusted else event.at_ms",
        "since = payment.sure_since_ms",
    ),
    _one(
        "take any boot for this one",
        "posd/clock.py",
        'mark is not None and mark.boot_id == self._boot_id != ""',
        "mark is not None",
    ),
    _one(
        "let the line follow the wall clock back",
        "posd/clock.py",
        "max(self._wall_ms(), last_event_ms)",
        "self._wall_ms()",
    ),
)
"""Breaks of the time line."""

REFUNDS = (
    _one(
        "believe the refusal of a repeated refund",
        REFUND,
        "case RefundFailed() if refund.requests > 1:",
        "case RefundFailed() if False:",
    ),
    _one(
        "forget a refund whose answer was lost",
        REFUND,
        "_replace(_lost(refund), sent_at_ms=event.at_ms,",
        "_replace(refund, sent_at_ms=event.at_ms,",
    ),
    _one(
        "take a lost refund answer for a failure",
        REFUND,
        "        return _lost(refund)\n    return _done",
        "        return _replace(refund, outcome=RefundStatus.FAILED)\n    return _done",
    ),
    _one(
        "do not send again what is not sure",
        REFUND,
        "case RefundNotSure():\n            return _replace(refund, resend=True)",
        "case RefundNotSure():\n            return refund",
    ),
    _one(
        "believe a failure while another request may arrive",
        REFUND,
        "case RefundFailed() if refund.requests == 1 or not _may_arrive(refund, answer.asked_at_ms):",
        "case RefundFailed():",
    ),
    _one(
        "believe not-found while another request may arrive",
        REFUND,
        "case NotFound() if not _may_arrive(refund, answer.asked_at_ms):",
        "case NotFound():",
    ),
    _one(
        "ask after a refused refund for ever",
        REFUND,
        "case NotFound() if not _may_arrive(refund, answer.asked_at_ms):",
        "case NotFound() if False:",
    ),
    _one("take a refund by hand for done", REFUND, "outcome=RefundStatus.MANUAL)", "outcome=RefundStatus.SUCCEEDED)"),
    _one(
        "free the amount of a refund by hand",
        REFUND,
        "if self.status is RefundStatus.FAILED else self.amount",
        "if self.status in {RefundStatus.FAILED, RefundStatus.MANUAL} else self.amount",
    ),
    _one(
        "take not-found for a failed refund",
        REFUND,
        "            return _replace(refund, resend=True)\n        case NotFound() if not _may_arrive",
        "            return _replace(refund, outcome=RefundStatus.FAILED)\n        case NotFound() if not _may_arrive",
    ),
)
"""Breaks of the refund machine."""

ALL = (*MONEY, *CLOCK, *REFUNDS)
