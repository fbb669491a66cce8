"""Reports of HID-POS scanners, by the layouts of several makers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.scanner.hidpos import (
    CONTINUATION_S,
    MAX_DESCRIPTOR_BYTES,
    Assembler,
    Code,
    Layout,
    Part,
    ReportError,
    ReportLayout,
    parse_descriptor,
    read_report,
)

# Report 2: count, three bytes of symbology, 56 of data, two of the maker, one bit that says that more comes.
COUNTED = bytes.fromhex(
    "058c 0902 a101 0912 a102 8502 1500 26ff00 7508 9501 0501 093b 8102 9503 058c 09fb 09fc 09fd 8102"
    "9538 09fe 820201 0666ff 9502 0904 0900 8102 058c 2501 7501 9501 09ff 8102 9507 8103 c0"
    # Report 4: the maker's own, to the host and back.
    "0914 a102 8504 2501 7501 9501 0900 9102 9507 9103 c0 c0"
)
COUNTED_LAYOUT = ReportLayout(
    data_byte=4, data_bytes=56, length_byte=0, symbology_bytes=(1, 2, 3), continued_bit=62 * 8
)

# No report ids, no count, no symbology: sixty bytes, then a byte that says that more comes; usages with their page.
PLAIN = bytes.fromhex("058c 0902 a101 1500 26ff00 7508 953c 0bfe008c00 8102 9501 09ff 8102 c0")
PLAIN_LAYOUT = ReportLayout(data_byte=0, data_bytes=60, continued_bit=60 * 8)


def counted(data: bytes, *, symbology: bytes = b"]Q3", continued: bool = False) -> bytes:
    """A report of a scanner with `COUNTED`."""
    return bytes([2, len(data)]) + symbology + data.ljust(56, b"\0") + b"s\0" + bytes([continued])


def test_the_layout_is_in_the_descriptor() -> None:
    """With report ids, a count, a symbology and a bit for more; other reports hold no code."""
    assert Layout({2: COUNTED_LAYOUT}, numbered=True) == parse_descriptor(COUNTED)


def test_a_layout_without_ids_count_and_symbology() -> None:
    """Only what the scanner has; usages may bring their page along."""
    assert Layout({0: PLAIN_LAYOUT}, numbered=False) == parse_descriptor(PLAIN)


def test_usage_ranges_push_pop_and_long_items_are_understood() -> None:
    """Symbology as a range, page and sizes saved and restored, a long item jumped over."""
    descriptor = bytes.fromhex(
        "058c 0902 a101 8507 7508 9503 a4 0501 7510 9502 b4 fe0300010203 19fb 29fd 8102 950a 09fe 8102 c0"
    )
    expected = ReportLayout(data_byte=3, data_bytes=10, symbology_bytes=(0, 1, 2))
    assert Layout({7: expected}, numbered=True) == parse_descriptor(descriptor)


def test_a_keyboard_is_no_scanner() -> None:
    """Another usage page, or none: an error, not a guess."""
    keyboard = bytes.fromhex("0501 0906 a101 0507 19e0 29e7 1500 2501 7501 9508 8102 c0")
    for descriptor in (keyboard, b"", COUNTED.replace(bytes.fromhex("09fe"), bytes.fromhex("09fa"))):
        with pytest.raises(ReportError, match="0x8C"):
            parse_descriptor(descriptor)


@pytest.mark.parametrize(
    "descriptor",
    [
        COUNTED[:-30] + b"\x27\x01",
        bytes(MAX_DESCRIPTOR_BYTES + 1),
        bytes.fromhex("058c 7508 97ffffff7f 09fe 8102"),
        bytes.fromhex("058c 190027ffff0000 2affff 2affff"),
    ],
    ids=["breaks off", "too long", "endless report", "endless usages"],
)
def test_a_broken_descriptor_is_an_error(descriptor: bytes) -> None:
    """A device that means us harm costs neither memory nor time."""
    with pytest.raises(ReportError):
        parse_descriptor(descriptor)


@given(st.binary(max_size=300))
def test_any_descriptor_is_understood_or_refused(descriptor: bytes) -> None:
    """Never another exception; what is understood reads any report, or refuses it."""
    try:
        layout = parse_descriptor(descriptor)
    except ReportError:
        return
    for report in (b"", b"\x02", bytes(64), bytes(range(256))):
        try:
            part = read_report(layout, report)
        except ReportError:
            continue
        assert part is None or len(part.data) <= len(report)


def test_a_report_is_cut_to_its_count() -> None:
    """With what AIM says of its symbology; the filling and the maker's bytes are no part of it."""
    layout = parse_descriptor(COUNTED)
    assert Part("]Q3", b"134567890123456789", continued=False) == read_report(layout, counted(b"134567890123456789"))
    assert Part("]Q3", b"1" * 56, continued=True) == read_report(layout, counted(b"1" * 56, continued=True))
    assert Part("]Q3", b"", continued=False) == read_report(layout, counted(b""))


def test_a_count_beyond_the_field_ends_with_the_field() -> None:
    """The maker's bytes behind the data are never read as data."""
    report = bytearray(counted(b"1" * 56))
    report[1] = 200
    part = read_report(parse_descriptor(COUNTED), bytes(report))
    assert part is not None
    assert b"1" * 56 == part.data


def test_without_a_count_nuls_fill_the_report() -> None:
    """They are taken off its end."""
    report = b"6901234567892".ljust(60, b"\0") + b"\0"
    assert Part("", b"6901234567892", continued=False) == read_report(parse_descriptor(PLAIN), report)


def test_a_symbology_that_is_none_is_left_out() -> None:
    """Some scanners fill in zeros or a number of their own."""
    for symbology in (b"\0\0\0", b"A\0\0", b"]\xff\xff", b"12 "):
        part = read_report(parse_descriptor(COUNTED), counted(b"1", symbology=symbology))
        assert part is not None
        assert "" == part.symbology


def test_other_reports_hold_no_code_and_short_ones_are_an_error() -> None:
    """Report 4 is the maker's; half a report is not half a code."""
    layout = parse_descriptor(COUNTED)
    assert None is read_report(layout, b"\x04" + bytes(63))
    for report in (b"\x02", counted(b"123")[:-1], counted(b"123")[:3]):
        with pytest.raises(ReportError):
            read_report(layout, report)
    assert None is read_report(layout, b"")


def part(data: bytes, *, more: bool, symbology: str = "]Q3") -> Part:
    """What one report holds."""
    return Part(symbology, data, more)


def test_reports_are_put_together() -> None:
    """A code of three reports: whole with the last, begun with the first."""
    assembler = Assembler()
    assert None is assembler.add(part(b"abc", more=True), 1.0)
    assert None is assembler.add(part(b"def", more=True, symbology=""), 1.01)
    assert Code("]Q3", b"abcdefg", 1.0) == assembler.add(part(b"g", more=False), 1.02)
    assert Code("]E0", b"h", 2.0) == assembler.add(part(b"h", more=False, symbology="]E0"), 2.0)
    assert 0 == assembler.garbage


def test_a_first_part_without_its_rest_is_not_glued_to_the_next_code() -> None:
    """After half a second the rest does not come any more."""
    assembler = Assembler()
    assembler.add(part(b"999", more=True), 1.0)
    later = 1.0 + CONTINUATION_S + 0.01
    assert Code("]Q3", b"134", later) == assembler.add(part(b"134", more=False), later)
    assert 1 == assembler.garbage


def test_an_endless_code_is_dropped_whole() -> None:
    """Its memory is bounded, its tail is no code, and the next one is fine."""
    assembler = Assembler()
    for number in range(1000):
        assert None is assembler.add(part(b"7" * 56, more=True), number / 1000)
    assert None is assembler.add(part(b"7", more=False), 1.0)
    assert 1 == assembler.garbage
    assert Code("]Q3", b"1", 1.1) == assembler.add(part(b"1", more=False), 1.1)
