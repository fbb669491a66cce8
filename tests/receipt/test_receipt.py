"""What stands on each slip (contract §6), in both languages and on both papers, and that nothing breaks its lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer import escpos
from devices.printer.document import Cut, Document, QrCode
from devices.printer.interpreter import Paper, Tokeniser
from devices.printer.layout import Line, lay_out
from devices.printer.profile import Profile
from devices.printer.text import rows_to_text, to_text
from posd import receipt
from posd.day import DayReport, RefundSums, Sums
from posd.payment.amounts import Fen, format_yuan
from posd.payment.auth_code import Wallet
from posd.payment.events import Status
from posd.printing.job import Audience
from posd.resources import PaymentResource
from tests.receipt.support import CANCELLED, PAID, REFUND, amount, shop

GOLDEN = Path(__file__).parent / "golden"
MAX_BYTES = 2048
"""A receipt is on the wire at once."""

REPORT = DayReport(
    date="2026-11-20",
    totals=Sums(3, Fen(100_001_260), Fen(250), Fen(100_001_010)),
    by_wallet={
        Wallet.WECHAT: Sums(2, Fen(1260), Fen(250), Fen(1010)),
        Wallet.ALIPAY: Sums(1, Fen(100_000_000), Fen(0), Fen(100_000_000)),
    },
    by_status={
        Status.PAID: Sums(3, Fen(100_001_260), Fen(250), Fen(100_001_010)),
        Status.FAILED: Sums(1, Fen(1250)),
        Status.CANCELLED: Sums(2, Fen(2500)),
    },
    refunds=RefundSums(2, Fen(900), Fen(400), 1),
    returns_unknown=1,
    unresolved=(),
)

Make = Callable[[str], Document]
CASES: dict[str, Make] = {
    "sale": lambda locale: receipt.sale(PAID, shop(locale)),
    "copy-for-the-merchant": lambda locale: receipt.sale(
        msgspec.structs.replace(PAID, refunded_amount=Fen(500)), shop(locale), copy_no=2, audience=Audience.MERCHANT
    ),
    "sale-with-long-texts": lambda locale: receipt.sale(
        msgspec.structs.replace(
            PAID,
            order_no="20881234" + PAID.order_no,
            reference="R" * 64,
            description="特级初榨橄榄油😀 extra virgin olive oil 500ml×2 " * 3,
            operator="收银员" * 10,
            amount=Fen(100_000_000),
            coup_amount=Fen(1),
            pay_amount=Fen(99_999_999),
        ),
        shop(locale, store_name="Example 示例连锁超市有限责任公司人民路第一分店（总店）", footer=("¥¥¥ 欢迎 ¥¥¥",)),
    ),
    "void": lambda locale: receipt.void_slip(CANCELLED, shop(locale)),
    "refund": lambda locale: receipt.refund_slip(REFUND, PAID, shop(locale)),
    "report": lambda locale: receipt.day_report(REPORT, shop(locale), printed_at="2026-11-20T22:00:00.000+08:00"),
}

LOCALES = ("zh-CN", "en")
COLUMNS = (32, 48)


def drawn(name: str, locale: str, columns: int) -> str:
    """A slip as text."""
    return to_text(CASES[name](locale), columns)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", CASES)
def test_every_slip_looks_like_this(name: str, locale: str, columns: int) -> None:
    """As in its file: look at it whenever it changes."""
    expected = (GOLDEN / f"{name}.{locale}.{columns}.txt").read_text("utf-8")
    assert expected == drawn(name, locale, columns)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("paper_mm", [58, 80])
def test_the_printer_gets_the_same(name: str, locale: str, paper_mm: int) -> None:
    """Bytes, read back by somebody else, give the same lines; complete, cut, known, and few."""
    document, profile = CASES[name](locale), Profile(paper_mm)
    data = escpos.encode(document, profile)
    paper, tokeniser = Paper(), Tokeniser()
    for token in tokeniser.feed(data):
        paper.apply(token)
    [printed] = paper.receipts
    assert b"" == tokeniser.unfinished
    assert printed.cut
    assert [] == list(printed.unknown)
    assert visible(to_text(document, profile.columns)) == visible(rows_to_text(printed.rows, profile.columns))
    assert len(data) < MAX_BYTES


def visible(text: str) -> list[str]:
    """Lines without those that only feed paper, and as the printer writes a narrow yen sign."""
    return [line.replace("¥", "￥") for line in text.splitlines() if line.strip()]


LABELS = {
    "zh-CN": ("订单金额", "优惠金额", "实付金额", "退款金额", "实退金额", "补打", "商户存根", "退款凭证", "撤销凭证"),
    "en": ("Amount", "Discount", "Paid", "Refunded", "Returned", "COPY", "Merchant copy", "Refund", "Voided"),
}
"""Of the contract, word by word."""


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("locale", LOCALES)
def test_the_labels_of_the_contract(locale: str, columns: int) -> None:
    """Each slip has those that are due, with its figures, and not those of another slip."""
    order, discount, paid, refunded, returned, copy, merchant, refund, voided = LABELS[locale]
    text = to_text(receipt.sale(PAID, shop(locale)), columns)
    assert ("12.50", "2.50", "10.00") == (amount(text, order), amount(text, discount), amount(text, paid))
    assert [] == [word for word in (refunded, returned, copy, merchant, refund, voided) if word in text]
    text = to_text(receipt.sale(PAID, shop(locale), copy_no=7, audience=Audience.MERCHANT), columns)
    assert f"{copy} 7" in text.splitlines()[0]
    assert merchant in text
    text = to_text(receipt.refund_slip(REFUND, PAID, shop(locale)), columns)
    assert ("5.00", "4.00") == (amount(text, refunded), amount(text, returned))
    assert refund in [line.strip() for line in text.splitlines()]
    assert (None, None) == (amount(text, order), amount(text, paid))
    assert PAID.order_no in text
    text = to_text(receipt.void_slip(CANCELLED, shop(locale)), columns)
    assert voided in [line.strip() for line in text.splitlines()]
    assert (None, None) == (amount(text, paid), amount(text, discount))


def test_what_went_back_is_shown_only_where_it_is_known() -> None:
    """Where the gateway said nothing of a discounted order, no figure is made up."""
    unknown = msgspec.structs.replace(REFUND, pay_amount=None)
    for locale in LOCALES:
        text = to_text(receipt.refund_slip(unknown, PAID, shop(locale)), 32)
        assert "5.00" == amount(text, LABELS[locale][3])
        assert LABELS[locale][4] not in text


def test_everything_that_is_due_on_a_paid_receipt() -> None:
    """Store, terminal, operator, time, wallet, numbers: each in one piece when the lines are joined."""
    flat = to_text(receipt.sale(PAID, shop()), 32).replace("\n", "")
    due = ("示例超市人民路店", "0101", "00000001", "2026-11-20 10:00:03", "微信支付", "B-2024-17", "示例商品")
    numbers = (PAID.order_no, str(PAID.trade_no), str(PAID.channel_trade_no))
    assert [] == [each for each in (*due, *numbers) if each not in flat]


@pytest.mark.parametrize("make", [receipt.sale, receipt.void_slip])
def test_what_is_not_known_is_left_out(make: Callable[..., Document]) -> None:
    """No label without a value."""
    bare = msgspec.structs.replace(
        PAID, reference=None, description=None, operator=None, trade_no=None, channel_trade_no=None
    )
    text = to_text(make(bare, shop(header=(), footer=())), 32)
    for label in ("单据号", "商品", "收银员", "平台单号", "渠道单号", "原因", "None"):
        assert label not in text
    assert PAID.order_no in text


def test_a_scanner_reads_the_order_number() -> None:
    """One code on the receipt, and nothing else in it."""
    codes = [item.data for item in receipt.sale(PAID, shop()).lines if isinstance(item, QrCode)]
    assert [PAID.order_no] == codes


def test_each_slip_is_cut_once_at_its_end() -> None:
    """And kicks no drawer."""
    for make in CASES.values():
        for locale in LOCALES:
            items = make(locale).lines
            assert Cut() == items[-1]
            assert 1 == items.count(Cut())


def test_a_short_name_of_the_store_is_large() -> None:
    """As far as it fits on one line of any paper."""
    for name, double in (("示" * 8, True), ("示" * 8 + "a", False)):
        first = lay_out(receipt.sale(PAID, shop(store_name=name)), 32)[0]
        assert isinstance(first, Line)
        assert (name, double) == (first.text, first.double)


def test_every_wallet_and_none_has_a_name() -> None:
    """Whoever pays."""
    for wallet in (*Wallet, None):
        payment = msgspec.structs.replace(PAID, wallet=wallet)
        for locale in LOCALES:
            assert to_text(receipt.sale(payment, shop(locale)), 32)


def test_every_status_has_a_word_in_the_report() -> None:
    """And days on which nothing happened have a report too."""
    by_status = {status: Sums(1, Fen(1)) for status in Status}
    report = DayReport("2026-11-20", Sums(), {}, by_status, RefundSums(), 0, ())
    empty = DayReport("2026-11-21", Sums(), {}, {}, RefundSums(), 0, ())
    for locale in LOCALES:
        text = to_text(receipt.day_report(report, shop(locale), printed_at=PAID.created_at), 32)
        assert all(word in text for word in receipt.words_of(locale).by_status.values())
        assert "2026-11-21" in to_text(receipt.day_report(empty, shop(locale), printed_at=PAID.created_at), 32)


ANY_TEXT = st.text(max_size=128)
AMOUNTS = st.integers(1, 100_000_000)


@given(st.data(), st.sampled_from(LOCALES), st.sampled_from(COLUMNS))
def test_nothing_breaks_a_line(data: st.DataObject, locale: str, columns: int) -> None:
    """Whatever stands in texts and amounts: no line is too wide, the amounts are found, and bytes come out."""
    total = data.draw(AMOUNTS)
    paid = data.draw(st.integers(0, total))
    payment = msgspec.structs.replace(
        PAID,
        amount=Fen(total),
        coup_amount=Fen(total - paid),
        pay_amount=Fen(paid),
        reference=data.draw(ANY_TEXT),
        description=data.draw(ANY_TEXT),
        operator=data.draw(st.text(max_size=32)),
    )
    store = shop(locale, store_name=data.draw(ANY_TEXT), header=(data.draw(ANY_TEXT),), footer=(data.draw(ANY_TEXT),))
    document = receipt.sale(payment, store, copy_no=data.draw(st.integers(0, 99)))
    for row in lay_out(document, columns):
        assert not isinstance(row, Line) or row.columns <= columns
    assert amounts_at_the_end(to_text(document, columns), payment, locale)
    escpos.encode(document, Profile(58 if columns == 32 else 80))


def amounts_at_the_end(text: str, payment: PaymentResource, locale: str) -> bool:
    """Whether the three amounts are beside their labels, below whatever the texts above them say."""
    expected = [
        format_yuan(each) for each in (payment.amount, payment.coup_amount, payment.pay_amount) if each is not None
    ]
    figures = [line for line in text.splitlines() if re.search(r" \d+\.\d\d$", line)]
    return any(
        [amount(line, label) for line, label in zip(three, LABELS[locale][:3], strict=True)] == expected
        for three in zip(figures, figures[1:], figures[2:], strict=False)
    )
