"""Everything that can be asked of a gateway for a payment: imperative, performed by the shell, never journaled."""

from __future__ import annotations

import msgspec


class Action(msgspec.Struct, frozen=True):
    """The root of the actions."""


class SendPay(Action, frozen=True):
    """Hand the pay request to the network; its ``Submitted`` is on disk."""


class SendQuery(Action, frozen=True):
    """Ask how the order stands."""


class GiveUpQuery(Action, frozen=True):
    """Stop waiting for the query that was asked at this moment; a newer one takes its place."""

    asked_at_ms: int


class SendCancel(Action, frozen=True):
    """Undo the order by cancel or close; a ``VoidSent`` goes on disk first."""


class SendRefund(Action, frozen=True):
    """Undo the order by refunding it in full; a ``VoidSent`` goes on disk first."""


class SendRefundQuery(Action, frozen=True):
    """Ask how that refund stands."""


PaymentAction = SendPay | SendQuery | GiveUpQuery | SendCancel | SendRefund | SendRefundQuery
