"""From payments, refunds and the day's figures to what stands on the paper. Pure.

The labels of the amounts, of copies and of merchants' slips are the contract's (§6): tills and people look for them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from devices.printer.document import Cut, Document, Feed, Item, Pair, QrCode, Rule, Text
from devices.printer.layout import COLUMNS_BY_PAPER_MM, sanitise, width
from posd.day import DayReport, Sums
from posd.messages import wallet_text
from posd.payment.amounts import format_yuan
from posd.payment.events import Status
from posd.printing.job import Audience
from posd.resources import PaymentResource, RefundResource

DOUBLE_COLUMNS = min(COLUMNS_BY_PAPER_MM.values()) // 2
"""A name this wide can be printed in double size on one line of any paper; a longer one stays small."""


class Shop(msgspec.Struct, frozen=True):
    """What every slip of a till has in common. ``header`` and ``footer``: the store's own lines."""

    store_name: str
    terminal_id: str
    locale: str = "zh-CN"
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


class Words(msgspec.Struct, frozen=True):
    """The fixed words of the slips in one language."""

    sale: str
    void: str
    refund: str
    report: str
    copy: str
    merchant: str
    terminal: str
    operator: str
    time: str
    wallet: str
    order_no: str
    original_order_no: str
    refund_no: str
    trade_no: str
    channel_trade_no: str
    reference: str
    description: str
    reason: str
    amount: str
    discount: str
    paid: str
    already_refunded: str
    refunded: str
    returned: str
    voided: str
    date: str
    payments: str
    refunds: str
    unknown_returns: str
    processing: str
    unresolved: str
    printed: str
    by_status: dict[Status, str]


CHINESE = Words(
    sale="支付凭证",
    void="撤销凭证",
    refund="退款凭证",
    report="日结单",
    copy="补打",
    merchant="商户存根",
    terminal="终端号",
    operator="收银员",
    time="时间",
    wallet="支付方式",
    order_no="订单号",
    original_order_no="原订单号",
    refund_no="退款单号",
    trade_no="平台单号",
    channel_trade_no="渠道单号",
    reference="单据号",
    description="商品",
    reason="原因",
    amount="订单金额",
    discount="优惠金额",
    paid="实付金额",
    already_refunded="已退",
    refunded="退款金额",
    returned="实退金额",
    voided="本单未收款，或已全额退回",
    date="营业日期",
    payments="收款笔数",
    refunds="退款笔数",
    unknown_returns="实退未知笔数",
    processing="退款处理中",
    unresolved="未完成",
    printed="打印时间",
    by_status={
        Status.AWAITING_CODE: "待扫码",
        Status.PROCESSING: "处理中",
        Status.CANCELLING: "撤销中",
        Status.PAID: "已支付",
        Status.FAILED: "失败",
        Status.CANCELLED: "已撤销",
    },
)

ENGLISH = Words(
    sale="Receipt",
    void="Voided",
    refund="Refund",
    report="Daily report",
    copy="COPY",
    merchant="Merchant copy",
    terminal="Terminal",
    operator="Cashier",
    time="Time",
    wallet="Wallet",
    order_no="Order no.",
    original_order_no="Original order no.",
    refund_no="Refund no.",
    trade_no="Gateway no.",
    channel_trade_no="Channel no.",
    reference="Bill",
    description="Goods",
    reason="Reason",
    amount="Amount",
    discount="Discount",
    paid="Paid",
    already_refunded="Given back since",
    refunded="Refunded",
    returned="Returned",
    voided="No payment was taken, or all of it was returned",
    date="Date",
    payments="Payments",
    refunds="Refunds",
    unknown_returns="Returns not known",
    processing="Refunds under way",
    unresolved="Not resolved",
    printed="Printed",
    by_status={
        Status.AWAITING_CODE: "Waiting for a code",
        Status.PROCESSING: "Processing",
        Status.CANCELLING: "Cancelling",
        Status.PAID: "Paid",
        Status.FAILED: "Failed",
        Status.CANCELLED: "Cancelled",
    },
)


def words_of(locale: str) -> Words:
    """The words of a language; Chinese unless it is ``en``."""
    return ENGLISH if locale == "en" else CHINESE


def sale(payment: PaymentResource, shop: Shop, *, copy_no: int = 0, audience: Audience = Audience.CUSTOMER) -> Document:
    """The receipt of a paid payment. ``copy_no`` 0 is the original."""
    words = words_of(shop.locale)
    return Document(
        (
            *_head(words.sale, shop, copy_no, audience),
            *_circumstances(payment, shop, payment.resolved_at),
            *_about(payment, words),
            Rule(),
            *_amounts(payment, words),
            Rule(),
            *_numbers(payment, words),
            # A QR code and no bar code: order numbers have up to 28 characters, and 58 mm paper takes a bar code of 14.
            QrCode(payment.order_no),
            *_foot(shop),
        )
    )


def void_slip(
    payment: PaymentResource, shop: Shop, *, copy_no: int = 0, audience: Audience = Audience.CUSTOMER
) -> Document:
    """The proof that a cancelled payment does not stand."""
    words = words_of(shop.locale)
    return Document(
        (
            *_head(words.void, shop, copy_no, audience),
            *_circumstances(payment, shop, payment.resolved_at),
            *_about(payment, words),
            Rule(),
            Pair(words.amount, format_yuan(payment.amount), bold=True),
            *(_told(words.reason, payment.reason.message) if payment.reason else ()),
            Text(words.voided),
            Rule(),
            *_numbers(payment, words),
            *_gap(shop),
            *_foot(shop),
        )
    )


def refund_slip(
    refund: RefundResource,
    payment: PaymentResource,
    shop: Shop,
    *,
    copy_no: int = 0,
    audience: Audience = Audience.CUSTOMER,
) -> Document:
    """The receipt of a refund that has succeeded, and of which payment it is."""
    words = words_of(shop.locale)
    returned = refund.pay_amount
    return Document(
        (
            *_head(words.refund, shop, copy_no, audience),
            *_circumstances(payment, shop, refund.resolved_at),
            *_told(words.reason, refund.reason),
            Rule(),
            Pair(words.refunded, format_yuan(refund.amount), bold=True),
            *(() if returned is None else (Pair(words.returned, format_yuan(returned), bold=True),)),
            Rule(),
            *_labelled(words.refund_no, refund.refund_no),
            *_labelled(words.original_order_no, payment.order_no),
            *_labelled(words.trade_no, payment.trade_no),
            *_labelled(words.channel_trade_no, payment.channel_trade_no),
            *_gap(shop),
            *_foot(shop),
        )
    )


def day_report(report: DayReport, shop: Shop, *, printed_at: str, copy_no: int = 0) -> Document:
    """The day in figures. ``printed_at``: RFC 3339."""
    words = words_of(shop.locale)
    return Document(
        (
            *_head(words.report, shop, copy_no, Audience.CUSTOMER),
            Pair(words.date, report.date),
            Pair(words.terminal, shop.terminal_id),
            Pair(words.printed, _moment(printed_at)),
            Rule(),
            Pair(words.payments, str(report.totals.count)),
            *_sums(report.totals, words),
            Rule(),
            *(
                Pair(f"{wallet_text(wallet, shop.locale)} x{sums.count}", format_yuan(sums.pay_amount))
                for wallet, sums in sorted(report.by_wallet.items())
            ),
            *((Rule(),) if report.by_wallet else ()),
            *(
                Pair(words.by_status[status], str(report.by_status[status].count))
                for status in Status
                if status in report.by_status
            ),
            Rule(),
            *_refund_sums(report, words),
            Pair(words.unresolved, str(len(report.unresolved))),
            Cut(),
        )
    )


def _head(title: str, shop: Shop, copy_no: int, audience: Audience) -> Iterator[Item]:
    words = words_of(shop.locale)
    if copy_no:
        yield Text(f"{words.copy} {copy_no}", align="center", bold=True, double=True)
    if shop.store_name:
        double = width(sanitise(shop.store_name)) <= DOUBLE_COLUMNS
        yield Text(shop.store_name, align="center", bold=True, double=double)
    for line in shop.header:
        yield Text(line, align="center")
    yield Text(title, align="center", bold=True)
    if audience is Audience.MERCHANT:
        yield Text(words.merchant, align="center", bold=True)
    yield Rule()


def _circumstances(payment: PaymentResource, shop: Shop, at: str | None) -> Iterator[Item]:
    words = words_of(shop.locale)
    yield Pair(words.terminal, shop.terminal_id)
    if payment.operator:
        yield Pair(words.operator, payment.operator)
    yield Pair(words.time, _moment(at or payment.created_at))
    yield Pair(words.wallet, wallet_text(payment.wallet, shop.locale))


def _about(payment: PaymentResource, words: Words) -> Iterator[Item]:
    yield from _labelled(words.reference, payment.reference)
    yield from _told(words.description, payment.description)


def _amounts(payment: PaymentResource, words: Words) -> Iterator[Item]:
    yield Pair(words.amount, format_yuan(payment.amount))
    if payment.coup_amount is not None and payment.pay_amount is not None:
        yield Pair(words.discount, format_yuan(payment.coup_amount))
        yield Pair(words.paid, format_yuan(payment.pay_amount), bold=True)
    if payment.refunded_amount:
        # Else the copy of a receipt would give the money back a second time.
        yield Pair(words.already_refunded, format_yuan(payment.refunded_amount))


def _numbers(payment: PaymentResource, words: Words) -> Iterator[Item]:
    yield from _labelled(words.order_no, payment.order_no)
    yield from _labelled(words.trade_no, payment.trade_no)
    yield from _labelled(words.channel_trade_no, payment.channel_trade_no)


def _sums(sums: Sums, words: Words) -> Iterator[Item]:
    yield Pair(words.amount, format_yuan(sums.amount))
    yield Pair(words.discount, format_yuan(sums.coup_amount))
    yield Pair(words.paid, format_yuan(sums.pay_amount), bold=True)


def _refund_sums(report: DayReport, words: Words) -> Iterator[Item]:
    refunds = report.refunds
    yield Pair(words.refunds, str(refunds.count))
    yield Pair(words.refunded, format_yuan(refunds.amount))
    yield Pair(words.returned, format_yuan(refunds.pay_amount))
    if report.returns_unknown:
        yield Pair(words.unknown_returns, str(report.returns_unknown))
    if refunds.processing:
        yield Pair(words.processing, str(refunds.processing))


def _labelled(label: str, value: str | None) -> Iterator[Item]:
    if value:
        yield Pair(label, value)


def _told(label: str, text: str | None) -> Iterator[Item]:
    """A label and words after it; unlike a number they are wrapped between words where they are long."""
    fits = text is not None and width(f"{label} {sanitise(text)}") <= min(COLUMNS_BY_PAPER_MM.values())
    colon = ": " if label.isascii() else "："
    yield from _labelled(label, text) if fits or not text else (Text(f"{label}{colon}{text}"),)


def _gap(shop: Shop) -> Iterator[Item]:
    """Keeps the store's own lines off the numbers, where no QR code does."""
    if shop.footer:
        yield Feed()


def _foot(shop: Shop) -> Iterator[Item]:
    for line in shop.footer:
        yield Text(line, align="center")
    yield Cut()


def _moment(at: str) -> str:
    """``2026-11-20T10:00:00.000+08:00`` as a person writes it, to the second."""
    return f"{at[:10]} {at[11:19]}"
