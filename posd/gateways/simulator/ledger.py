"""The truth as JSON: what really happened to each order, beside what its client was told. Pure."""

from __future__ import annotations

from posd.gateways.simulator.bank import Bank
from posd.gateways.simulator.orders import Fault, Notice, Order, Refund, Request

Json = dict[str, object]

# The newest orders come first; more than a person reads is asked for one by one.
LISTED_MAX = 1_000


def ledger(bank: Bank, now_ms: int, limit: int = LISTED_MAX) -> Json:
    """Every order in short, newest first, and what clients did wrong."""
    bank.advance(now_ms)
    newest = list(bank.orders.values())[: -limit - 1 : -1]
    return {
        "orders": [summary(order, now_ms) for order in newest],
        "violations": [_fault(fault) for fault in bank.violations],
        "notes": [_fault(fault) for fault in bank.notes],
    }


def summary(order: Order, now_ms: int) -> Json:
    """How an order stands and what the customer is charged."""
    state = order.state(now_ms)
    return {
        "orderNo": order.order_no,
        "gateway": order.protocol,
        "phase": state.phase.value if state else None,
        "wallet": order.wallet.value if order.wallet else None,
        "amount": order.amount,
        "payAmount": order.pay_amount,
        "captured": state.captured if state else 0,
        "reversed": state.reversed if state else 0,
        "refunded": state.refunded if state else 0,
        "net": state.net if state else 0,
        "submits": order.submits,
        "arriving": order.arriving,
        "submittedAt": order.submitted_at_ms,
        "createdAt": order.created_at_ms,
        "paidAt": order.paid_at_ms,
    }


def details(order: Order, now_ms: int) -> Json:
    """Everything about one order."""
    return summary(order, now_ms) | {
        "history": [{"at": at, "phase": state.phase.value, "net": state.net} for at, state in order.history],
        "refunds": [_refund(refund) for refund in order.refunds.values()],
        "requests": [_request(request) for request in order.requests],
        "notifications": [_notice(notice) for notice in order.notices],
    }


def _refund(refund: Refund) -> Json:
    return {
        "refundNo": refund.refund_no,
        "amount": refund.amount,
        "payAmount": refund.due,
        "status": refund.status.value,
        "requestedAt": refund.requested_at_ms,
        "settledAt": refund.settled_at_ms,
    }


def _request(request: Request) -> Json:
    return {
        "at": request.at_ms,
        "operation": request.operation,
        "fields": dict(request.fields),
        "fault": request.fault,
    }


def _notice(notice: Notice) -> Json:
    return {
        "at": notice.at_ms,
        "event": notice.event,
        "url": notice.url,
        "status": notice.status,
        "text": notice.text,
        "acknowledged": notice.acknowledged,
    }


def _fault(fault: Fault) -> Json:
    return {
        "at": fault.at_ms,
        "gateway": fault.protocol,
        "operation": fault.operation,
        "orderNo": fault.order_no,
        "text": fault.text,
    }
