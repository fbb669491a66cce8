"""The demo: a daemon of its own between simulators, wired as a till is: a pty, a TCP printer, HTTP."""

from __future__ import annotations

import asyncio

import pytest

from posd.demo import story
from posd.demo.story import Teller, play

HANG_S = 60.0
"""Ends a test that would hang; nothing is measured with it."""


async def test_the_story_goes_through_the_doors_of_a_till(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its shortest chapters: scanned at the pty or seen by a camera, paid at the gateway, read from the paper; 0."""
    monkeypatch.setattr(story, "STORY", (*story.STORY[:2], story._face))
    async with asyncio.timeout(HANG_S):
        assert 0 == await play(once=True)
    told = capsys.readouterr()
    assert "" == told.err
    for words in ("scanner beeps: 13", "posd says paid", "实付金额", "the customer has paid 10.00 in the end"):
        assert words in told.out
    assert "the camera was asked: rawdata → face_code → result SUCCESS" in told.out


async def test_a_story_that_ends_otherwise_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1, and on standard error what went wrong: the demo can fail."""

    async def hoped(teller: Teller) -> None:
        await teller.end_of(await teller.pay_by_scan(1250, teller.code("2000"), "B-1"), wanted="paid")

    monkeypatch.setattr(story, "STORY", (hoped,))
    async with asyncio.timeout(HANG_S):
        assert 1 == await play(once=True)
    told = capsys.readouterr()
    assert "is failed, the story wanted paid" in told.err
    assert "the printer prints" not in told.out
