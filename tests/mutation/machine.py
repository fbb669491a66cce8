"""Breaks of the payment machine and of the time line."""

from __future__ import annotations

from tests.mutation.mutation import Edit, Mutation, one

ANSWERS = "posd/payment/answers.py"
MACHINE = "posd/payment/state_machine.py"
FACTS = "posd/payment/payment.py"
SCHEDULE = "posd/payment/schedule.py"


MONEY = (
    one("forget what follows by itself", MACHINE, "while (following := consequence(", "while (following := None and ("),
    one(
        "trust a stale answer",
        ANSWERS,
        "return payment.undo_since_ms is not None and answer.asked_at_ms < payment.undo_since_ms",
        "return False",
    ),
    one(
        "fail on not-found",
        MACHINE,
        "    if _will_not_arrive(payment, rules):",
        "    if payment.not_found_at_ms is not None:",
    ),
    one(
        "take not-found after a cancel for its proof",
        MACHINE,
        "payment.cancel_answered and _will_not_arrive(payment, rules)",
        "payment.cancel_answered and payment.not_found_at_ms is not None",
    ),
    one(
        "take the record of a cancel for a cancel",
        MACHINE,
        "(payment.cancel_answered and",
        "(payment.cancels > 0 and",
    ),
    one(
        "end a void by not-found without a cancel",
        MACHINE,
        "(payment.cancel_answered and _will_not_arrive(payment, rules))",
        "_will_not_arrive(payment, rules)",
    ),
    one(
        "ignore the arrival horizon",
        FACTS,
        "return self._sure_of(self.attempted_at_ms) + rules.arrival_horizon_ms",
        "return self._sure_of(self.attempted_at_ms)",
    ),
    one(
        "count not-found from the answer, not from the question",
        ANSWERS,
        "payment.but(not_found_at_ms=answer.asked_at_ms)",
        "payment.but(not_found_at_ms=answer.at_ms)",
    ),
    one(
        "cancel before the floor",
        SCHEDULE,
        "floor_ms = max(payment.floor_ms(rules), arrived_by_ms(payment, activity) + rules.void.floor_ms)",
        "floor_ms = 0",
    ),
    one(
        "count the floor from the record alone",
        SCHEDULE,
        "floor_ms = max(payment.floor_ms(rules), arrived_by_ms(payment, activity) + rules.void.floor_ms)",
        "floor_ms = payment.floor_ms(rules)",
    ),
    one(
        "cancel before the floor after a reboot",
        FACTS,
        "return self._sure_of(self.attempted_at_ms) + rules.void.floor_ms",
        "return (self.attempted_at_ms or 0) + rules.void.floor_ms",
    ),
    one(
        "submit again after a lost answer",
        ANSWERS,
        "    if isinstance(answer.verdict, Unknown):\n",
        "    if isinstance(answer.verdict, Unknown) and answer.source is Source.PAY:\n"
        "        return heard.but(unsent=True)\n"
        "    if isinstance(answer.verdict, Unknown):\n",
    ),
    one(
        "submit again after a restart",
        MACHINE,
        'Every attempt so far certainly never left."""\n    if payment.interrupted:',
        'Every attempt so far certainly never left."""\n    if False:',
    ),
    one(
        "submit again by an old NotSent",
        ANSWERS,
        "answer.source is Source.PAY and answer.asked_at_ms >= (payment.attempted_at_ms or 0)",
        "answer.source is Source.PAY",
    ),
    one(
        "submit again what the gateway knows",
        ANSWERS,
        "return of_the_latest and payment.standing is None",
        "return of_the_latest",
    ),
    one(
        "pay from a restarted process",
        SCHEDULE,
        "return Activity(refund_known=",
        "return Activity(can_pay=True, refund_known=",
    ),
    one("forget the void at the end of the window", MACHINE, "if now_ms >= payment.window_ends_ms():", "if False:"),
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
    one(
        "let the window win over what is known to be paid",
        MACHINE,
        "    if payment.paid is not None:\n        return Resolved(now_ms, Status.PAID)\n",
        "    if payment.paid is not None and now_ms < payment.window_ends_ms():\n"
        "        return Resolved(now_ms, Status.PAID)\n",
    ),
    one(
        "take NotSent for a decline",
        ANSWERS,
        "return payment.but(unsent=True)",
        "return _over(payment, answer, Reason.DECLINED)",
    ),
    one(
        "take NotSent for no answer",
        ANSWERS,
        "case NotSent() if _never_left(payment, answer):",
        "case NotSent() if False:",
    ),
    one(
        "take NotSent of a query for one of pay",
        ANSWERS,
        "of_the_latest = answer.source is Source.PAY and",
        "of_the_latest = True and",
    ),
    one(
        "let pending end it",
        ANSWERS,
        "        case Pending(qr_code):\n",
        "        case Pending():\n            return _over(payment, answer, Reason.DECLINED)\n"
        "        case Pending(qr_code):\n",
    ),
    one(
        "let no answer end it",
        ANSWERS,
        "if last and _went_back(payment) else heard\n",
        "if last and _went_back(payment) else _over(heard, answer, Reason.DECLINED)\n",
    ),
    one(
        "take a cancel that was taken for one that was done",
        ANSWERS,
        "case Closed():",
        "case Closed() | Accepted():",
    ),
    one("take a refusal for a proof", ANSWERS, "case Closed():", "case Closed() | Refused():"),
    one(
        "take a lost cancel answer for a proof",
        ANSWERS,
        "    if isinstance(answer.verdict, Unknown):\n",
        "    if isinstance(answer.verdict, Unknown) and answer.source is Source.CANCEL:\n"
        "        return _over(heard, answer, Reason.DECLINED)\n"
        "    if isinstance(answer.verdict, Unknown):\n",
    ),
    one(
        "take a refund in progress for one that was done",
        ANSWERS,
        "case RefundDone() if sent:",
        "case RefundDone() | RefundProcessing() if sent:",
    ),
    one(
        "take a word about any refund for ours",
        ANSWERS,
        "case RefundDone() if sent:",
        "case RefundDone():",
    ),
    one(
        "take a refused refund for one that was done",
        ANSWERS,
        "return _refund_refused(payment, answer)",
        "return _over(payment, answer, Reason.DECLINED)",
    ),
    one(
        "give up a refund that is refused",
        SCHEDULE,
        "activity.undoing or payment.unsent:",
        "activity.undoing or payment.unsent or payment.refund_refused:",
    ),
    one(
        "send a refused refund as often as a cancel",
        SCHEDULE,
        "most_ms = REFUSED_GAP_MOST_MS if activity.refused else UNDO_GAP_MOST_MS",
        "most_ms = UNDO_GAP_MOST_MS",
    ),
    one(
        "hide why a refund is refused",
        ANSWERS,
        "by_hand=by_hand, attention=attention)",
        "by_hand=by_hand)",
    ),
    one(
        "take what must be moved by hand for returned",
        ANSWERS,
        "case Refunded() if not payment.by_hand:",
        "case Refunded():",
    ),
    one(
        "send again what must be moved by hand",
        SCHEDULE,
        "RefundProcessing | RefundManual)",
        "RefundProcessing)",
    ),
    one(
        "cancel once and never again",
        SCHEDULE,
        "activity.undoing or payment.unsent:",
        "activity.undoing or payment.unsent or payment.cancels:",
    ),
    one(
        "stop asking once it is voided",
        FACTS,
        "and not self.unsent and (not self.status.final or self.must_undo)",
        "and not self.unsent and self.void_by is None",
    ),
    one("never refund", FACTS, "refund = past_deadline or hopeless", "refund = False and hopeless"),
    one(
        "refund what is not known to be paid",
        FACTS,
        "        if self.paid is None:\n            return UndoStep.CANCEL\n",
        "",
    ),
    one("forget that a gateway reverses nothing", FACTS, "or not terms.reverses_paid or", "or"),
    one("never give up on a cancel that is refused", FACTS, "or self.refusals >= REFUSALS_BEFORE_REFUND", ""),
    one("change the refund number", FACTS, 'return f"{self.order_no}V"', 'return f"{self.order_no}V{self.cancels}"'),
    one("send a refund again without asking", SCHEDULE, "known = unclear or isinstance(", "known = isinstance("),
    one(
        "send a refund again after a restart",
        SCHEDULE,
        "Activity(refund_known=payment.refund_sent_at_ms is not None)",
        "Activity()",
    ),
    one(
        "forget what is not proven after the end",
        FACTS,
        "or (self.turned_up_at_ms is not None and self.reversed_at_ms is None)",
        "",
    ),
    one("ask no more about what was not received", MACHINE, "if not_received else (),", "if False else (),"),
    one(
        "let a refund wait that is not refused any more",
        SCHEDULE,
        "return isinstance(answer.verdict, RefundFailed | RefundManual)",
        "return True",
    ),
    one(
        "take a question without an answer for a follow-up",
        ANSWERS,
        "if asked and isinstance(answer.verdict, Paid | Pending | Declined | Closed | Refunded | NotFound):",
        "if asked:",
    ),
    one(
        "let the end be changed by a late answer",
        ANSWERS,
        "    if payment.status.final and not payment.must_undo:\n        return _after_the_end(heard, answer)\n",
        "    if payment.status is Status.FAILED and isinstance(answer.verdict, Paid):\n"
        "        return heard.but(status=Status.PAID, standing=answer.verdict)\n"
        "    if payment.status.final and not payment.must_undo:\n        return _after_the_end(heard, answer)\n",
    ),
    one(
        "reverse without telling anybody",
        ANSWERS,
        "return alive.attended(_cause(answer, Reason.CONTRADICTION))",
        "return alive",
    ),
    one(
        "leave what turns up after NotSent",
        ANSWERS,
        "        unsent=False,\n        turned_up_at_ms",
        "        turned_up_at_ms",
    ),
    one(
        "hide a contradiction of paid",
        ANSWERS,
        "case Status.PAID, Declined() | Closed():",
        "case Status.PAID, Declined() if asked:",
    ),
    one(
        "believe an old paid after the end",
        ANSWERS,
        "asking = payment.but(follow_ups_ms=(answer.at_ms, *payment.follow_ups_ms))",
        "asking = payment",
    ),
    one("hide another amount", ANSWERS, "if _is_of_another(payment, answer):", "if False:"),
    one(
        "hide a slow void",
        MACHINE,
        "SLOW_VOID_MS and not payment.attends(Reason.SLOW_VOID):",
        "SLOW_VOID_MS and False:",
    ),
    one(
        "lose what ends it as a repetition",
        MACHINE,
        "    if isinstance(consequence(after, answer.at_ms, rules), Resolved):\n        return True\n",
        "",
    ),
    one(
        "lose what changes something as a repetition",
        MACHINE,
        "return payment != after.but(",
        "return payment is None and after.but(",
    ),
    one("try an unreachable gateway for ever", MACHINE, "if now_ms >= _unreachable_at_ms(payment):", "if False:"),
    one(
        "go on waiting for a code after a restart",
        MACHINE,
        "_void_reason(payment))\n    if payment.interrupted:",
        "_void_reason(payment))\n    if False:",
    ),
    one(
        "wait for a hanging query",
        SCHEDULE,
        "if at_ms is None or now_ms < at_ms:\n        return ()\n    if len(activity.queries_ms)",
        "if at_ms is None or now_ms < at_ms or activity.queries_ms:\n        return ()\n"
        "    if len(activity.queries_ms)",
    ),
    one(
        "ask after the pay request, not beside it",
        SCHEDULE,
        "return activity.paying_since_ms + PAY_PATIENCE_MS",
        "return None",
    ),
    one(
        "count the window of a code from the submit",
        FACTS,
        "start = self.shown_at_ms or self.submitted_at_ms",
        "start = self.submitted_at_ms",
    ),
    one(
        "take the discount for paid",
        "posd/payment/amounts.py",
        "return cls(amount, Fen(amount - pay_amount), pay_amount)",
        "return cls(amount, pay_amount, Fen(amount - pay_amount))",
    ),
    one(
        "tell amounts of what is not paid",
        FACTS,
        "if self.paid is not None and self.status is Status.PAID else None",
        "if self.paid is not None else None",
    ),
)
"""Breaks of the payment machine."""

CLOCK = (
    one(
        "trust the time across a reboot",
        MACHINE,
        "if event.clock_trusted:",
        "if True:",
    ),
    one(
        "take what a reboot made due for asked in time",
        MACHINE,
        "for later in FOLLOW_UPS_MS[:-1]) if payment.follow_ups_ms else ()",
        "for later in ())",
    ),
    one(
        "take any boot for this one",
        "posd/clock.py",
        'mark is not None and mark.boot_id == self._boot_id != ""',
        "mark is not None",
    ),
    one(
        "let the line follow the wall clock back",
        "posd/clock.py",
        "max(self._wall_ms(), last_event_ms)",
        "self._wall_ms()",
    ),
)
"""Breaks of the time line."""
