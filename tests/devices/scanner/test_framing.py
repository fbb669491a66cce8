"""The codes in the bytes: ends, silences, garbage, repeats. No clock, no loop."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scanner.framing import (
    MAX_CODES_IN_REPEAT_TIME,
    Framer,
    Framing,
    RepeatFilter,
    Scan,
    read_code,
)

WECHAT = "134567890123456789"
PLAIN_TEXTS = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
TEXTS = PLAIN_TEXTS.filter(lambda text: not text.startswith("]"))
ENDS = st.sampled_from(["\r", "\n", "\r\n", "\t"])


def texts(scans: list[Scan]) -> list[str]:
    """What was scanned."""
    return [scan.text for scan in scans]


def feed_in_parts(framer: Framer, data: bytes, cuts: list[int]) -> list[Scan]:
    """Feed the bytes cut at these places, each part a millisecond after the one before."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    scans: list[Scan] = []
    for number, (begin, end) in enumerate(itertools.pairwise(places)):
        scans += framer.feed(data[begin:end], number / 1000)
    return scans


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\t"])
def test_each_end_ends_one_code(end: str) -> None:
    """CR, LF, CRLF and TAB end a code, each of them once; leading zeros stay."""
    framer = Framer("front")
    scans = framer.feed(f"0012345{end}{WECHAT}{end}".encode(), 1.0)
    assert ["0012345", WECHAT] == texts(scans)
    assert None is framer.silent_at
    assert 0 == framer.garbage


@given(st.lists(st.tuples(TEXTS, ENDS), max_size=8), st.lists(st.integers(0, 400), max_size=30))
def test_any_chunking_gives_the_same_codes(codes: list[tuple[str, str]], cuts: list[int]) -> None:
    """However the bytes are cut into reads, also in the middle of CRLF, the codes are the same."""
    data = "".join(text + end for text, end in codes).encode()
    framer = Framer("front")
    assert [text for text, _ in codes] == texts(feed_in_parts(framer, data, cuts))
    assert 0 == framer.garbage


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=20))
def test_any_bytes_cut_anyhow_give_what_they_give_whole(data: bytes, cuts: list[int]) -> None:
    """Arbitrary bytes: the same codes and the same count of garbage in one piece and in many, and never a control."""
    whole, parts = Framer("front"), Framer("front")
    expected = whole.feed(data, 0.0) + whole.tick(9.0)
    actual = feed_in_parts(parts, data, cuts) + parts.tick(9.0)
    assert texts(expected) == texts(actual)
    assert whole.garbage == parts.garbage
    assert all(scan.text.isprintable() and scan.text for scan in actual)


def test_silence_ends_a_code() -> None:
    """50 ms after the last byte, not after the first, a code without an end is whole."""
    framer = Framer("front")
    assert [] == framer.feed(b"690123", 1.00)
    assert [] == framer.feed(b"4567892", 1.04)
    assert [] == framer.tick(1.08)
    assert pytest.approx(1.09) == framer.silent_at
    (scan,) = framer.tick(1.09)
    assert ("6901234567892", "front", 1.00, 1.09) == (scan.text, scan.scanner, scan.began_at, scan.at)
    assert None is framer.silent_at
    assert [] == framer.tick(2.0)


def test_an_end_after_the_silence_is_no_other_code() -> None:
    """A terminator that comes late, after the silence has ended the code, adds nothing."""
    framer = Framer("front")
    framer.feed(b"6901234567892", 1.0)
    assert ["6901234567892"] == texts(framer.tick(1.05))
    assert [] == framer.feed(b"\r\n", 1.2)
    assert 0 == framer.garbage


def test_feed_alone_never_concludes_a_silence() -> None:
    """Bytes that were read late because the process stood still belong to the code they continue."""
    framer = Framer("front")
    framer.feed(b"13456", 1.0)
    assert [WECHAT] == texts(framer.feed(b"7890123456789\r", 5.0))


@pytest.mark.parametrize(
    ("data", "symbology", "text"),
    [
        (b"\x026901234567892\x03", "", "6901234567892"),
        (b"]Q3134567890123456789", "]Q3", WECHAT),
        (b"\x02]E06901234567892\x03", "]E0", "6901234567892"),
        (b"F]E06901234567892#", "]E0", "6901234567892"),
        (b"]E0F6901234567892#", "]E0", "6901234567892"),
        (b"]", "", "]"),
        (b"]Q", "", "]Q"),
        ("发票:01,4400".encode(), "", "发票:01,4400"),
        (b"a b", "", "a b"),
    ],
)
def test_what_is_around_a_code_is_stripped(data: bytes, symbology: str, text: str) -> None:
    """STX, ETX, AIM identifier, and the prefix and suffix of the settings; nothing of the code itself."""
    assert (symbology, text) == read_code(data, Framing(prefix="F", suffix="#"))


@pytest.mark.parametrize(
    "data", [b"13456\x007890", b"\xff\xfe\x80", b"1345\x1b[A", b"\xe4\xb8", b"12\x7f34", "12\u200b34".encode()]
)
def test_garbage_is_counted_and_not_handed_on(data: bytes) -> None:
    """Controls, broken UTF-8 and invisible characters: no scan, not even of a part; the next code is fine."""
    framer = Framer("front")
    assert [] == framer.feed(data + b"\r", 1.0)
    assert 1 == framer.garbage
    assert [WECHAT] == texts(framer.feed(WECHAT.encode() + b"\r", 1.1))


def test_endless_input_is_dropped_whole() -> None:
    """Input without an end holds a bounded buffer, gives nothing, also not its tail, and the next code is fine."""
    framer = Framer("front", Framing(max_code_bytes=64))
    for number in range(1000):
        assert [] == framer.feed(b"1234567890", number / 1000)
    assert framer.skipping
    assert [] == framer.feed(b"134567890123456789\r", 1.0)
    assert 1 == framer.garbage
    assert [WECHAT] == texts(framer.feed(WECHAT.encode() + b"\r", 1.1))


def test_endless_input_is_over_after_a_silence() -> None:
    """A silence too ends what is being skipped."""
    framer = Framer("front", Framing(max_code_bytes=64))
    framer.feed(b"x" * 1000, 1.0)
    assert [] == framer.tick(1.05)
    assert [WECHAT] == texts(framer.feed(WECHAT.encode() + b"\r", 1.1))


def test_skip_drops_the_rest_of_a_code() -> None:
    """Of a code whose first half was not ours the second half is not a code either."""
    framer = Framer("front")
    framer.skip(1.0)
    assert [] == framer.feed(b"567890123456789\r", 1.01)
    assert 0 == framer.garbage
    assert [WECHAT] == texts(framer.feed(WECHAT.encode() + b"\r", 1.1))


def test_forget_drops_half_a_code() -> None:
    """After an unplug the half code is not glued to the next one."""
    framer = Framer("front")
    framer.feed(b"9999", 1.0)
    framer.forget()
    assert None is framer.silent_at
    assert [WECHAT] == texts(framer.feed(WECHAT.encode() + b"\r", 1.1))


def test_a_scan_does_not_show_its_code() -> None:
    """A code may be a payment credential: neither `repr` nor `str` nor a format shows any of it."""
    scan = Scan(WECHAT, "front", 1.0, 0.9)
    for shown in (repr(scan), str(scan), f"{scan}", f"{[scan]}"):
        assert WECHAT[:4] not in shown
        assert WECHAT[-4:] not in shown
        assert "18 characters" in shown


def scan_at(text: str, at: float) -> Scan:
    """A scan at this time."""
    return Scan(text, "front", at, at)


def test_the_same_code_within_two_seconds_is_one_scan() -> None:
    """Also with another one in between; a repeat does not make the time longer; two seconds later it is a new scan."""
    repeats = RepeatFilter()
    rows = [("A", 0.0), ("A", 0.5), ("B", 0.9), ("A", 1.9), ("A", 2.0), ("A", 3.9), ("B", 2.95 + 1), ("A", 4.0)]
    admitted = [(text, at) for text, at in rows if repeats.admits(scan_at(text, at))]
    assert [("A", 0.0), ("B", 0.9), ("A", 2.0), ("B", 3.95), ("A", 4.0)] == admitted


def test_a_flood_of_codes_is_cut_off() -> None:
    """A device that invents codes gets no further than the limit, and memory with it; later all is well again."""
    repeats = RepeatFilter()
    admitted = [number for number in range(10_000) if repeats.admits(scan_at(str(number), number / 10_000))]
    assert MAX_CODES_IN_REPEAT_TIME == len(admitted)
    assert repeats.admits(scan_at("later", 4.0))
