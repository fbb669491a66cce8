"""What printers say about themselves, byte by byte as in Epson's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer.status import Kind, PrinterStatus, Reply, ReplyReader, from_answers, from_asb

READY = {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({}, None),
        ({1: 0x1A}, "offline"),
        ({1: 0x1A, 2: 0x16}, "cover open"),
        ({1: 0x1A, 2: 0x32}, "out of paper"),
        ({4: 0x72}, "out of paper"),
        ({1: 0x1A, 2: 0x36, 4: 0x7E}, "cover open"),
        ({1: 0x1A, 2: 0x52, 3: 0x1A}, "cutter jammed"),
        ({3: 0x32}, "printer error"),
        ({3: 0x52}, "printer error"),
        ({2: 0x52}, "printer error"),
        ({4: 0x1E}, None),
    ],
)
def test_problems(answers: dict[int, int], problem: str | None) -> None:
    """The most useful thing to do comes first: a printer with its cover open is also offline and without paper."""
    status = from_answers(READY | answers)
    assert status is not None
    assert (problem is None) == status.ready
    assert problem is None or (status.problem or "").startswith(problem)


def test_no_answer_is_not_good_news() -> None:
    """A printer that says nothing is unknown, not ready; what it did not say is None, not False."""
    assert from_answers({}) is None
    assert PrinterStatus(online=True) == from_answers({1: 0x12})
    assert PrinterStatus(paper_out=True, paper_near_end=True) == from_answers({4: 0x7E})


def test_paper_near_its_end() -> None:
    """Worth a word while it prints, and not worth one when it is out of paper anyway."""
    assert "paper is running low" == PrinterStatus(paper_near_end=True).remark
    assert "" == PrinterStatus(paper_near_end=True, paper_out=True).remark
    assert "" == PrinterStatus(paper_near_end=False).remark


def test_automatic_status() -> None:
    """The four bytes of ASB."""
    assert PrinterStatus(True, False, False, False, False, False) == from_asb(b"\x10\x00\x00\x0f")
    assert "out of paper: put in a new roll" == from_asb(b"\x18\x00\x0c\x0f").problem
    assert "cover open: close it" == from_asb(b"\x38\x00\x00\x0f").problem
    assert from_asb(b"\x18\x08\x00\x0f").cutter_error
    assert from_asb(b"\x10\x00\x03\x0f").remark


def test_kinds_are_told_apart() -> None:
    """Real-time answers within and between automatic blocks, answers in turn, flow control and noise."""
    data = b"\x11\x12\x13" + b"\x18\x00\x1a\x0c\x0f" + b"\x00\x0c\xff\x80\x36"
    expected = [
        Reply(Kind.REAL_TIME, b"\x12"),
        Reply(Kind.REAL_TIME, b"\x1a"),
        Reply(Kind.AUTOMATIC, b"\x18\x00\x0c\x0f"),
        Reply(Kind.IN_TURN, b"\x00"),
        Reply(Kind.IN_TURN, b"\x0c"),
        Reply(Kind.REAL_TIME, b"\x36"),
    ]
    assert expected == ReplyReader().feed(data)


@given(st.binary(max_size=40), st.data())
def test_chunks_do_not_matter(data: bytes, draw: st.DataObject) -> None:
    """A byte at a time gives the same replies; every real-time byte comes out whatever surrounds it."""
    whole = ReplyReader().feed(data)
    reader, pieces = ReplyReader(), []
    rest = data
    while rest:
        size = draw.draw(st.integers(1, len(rest)))
        pieces += reader.feed(rest[:size])
        rest = rest[size:]
    assert whole == pieces
    assert [byte for byte in data if byte & 0x93 == 0x12] == [r.data[0] for r in whole if r.kind is Kind.REAL_TIME]
