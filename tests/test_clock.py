"""The time line: it runs at the steady clock's pace, and knows when it cannot know (``posd.clock``)."""

from __future__ import annotations

from dataclasses import dataclass

from posd.clock import Mark, TimeLine

NOON_MS = 1_795_140_000_000


@dataclass
class Machine:
    """Clocks that a test can set."""

    wall_ms: int = NOON_MS
    steady_ms: int = 5_000
    boot_id: str = "first"

    def line(self) -> TimeLine:
        """A time line as a process that starts now makes it."""
        return TimeLine(lambda: self.wall_ms, lambda: self.steady_ms, self.boot_id)

    def pass_ms(self, span_ms: int) -> None:
        """Time goes by."""
        self.wall_ms += span_ms
        self.steady_ms += span_ms


def test_a_jump_of_the_wall_clock_moves_nothing() -> None:
    """An hour back, a day ahead: the line goes on at the pace of the steady clock."""
    machine = Machine()
    line = machine.line()
    for jump_ms in (-3_600_000, 86_400_000):
        before_ms = line.now_ms()
        machine.wall_ms += jump_ms
        machine.pass_ms(1_000)
        assert before_ms + 1_000 == line.now_ms()


def test_the_line_is_laid_on_the_wall_clock_only_when_asked() -> None:
    """While nothing is open, the times that people read are made right."""
    machine = Machine()
    line = machine.line()
    machine.wall_ms += 60_000
    assert NOON_MS == line.now_ms()
    line.align()
    assert NOON_MS + 60_000 == line.now_ms()


def test_a_new_process_of_the_same_boot_goes_on_with_the_line() -> None:
    """The daemon was restarted, and the wall clock set meanwhile: every duration is known for sure."""
    machine = Machine()
    mark = machine.line().mark
    machine.pass_ms(7_000)
    machine.wall_ms -= 3_600_000
    line = machine.line()
    assert line.resume(mark, NOON_MS)
    assert NOON_MS + 7_000 == line.now_ms()


def test_after_a_reboot_the_time_in_between_is_not_known() -> None:
    """The line goes on from the wall clock, or from the last event if the clock is behind it."""
    machine = Machine()
    mark = machine.line().mark
    machine = Machine(NOON_MS + 20_000, 100, "second")
    line = machine.line()
    assert not line.resume(mark, NOON_MS)
    assert NOON_MS + 20_000 == line.now_ms()
    machine = Machine(NOON_MS - 3_600_000, 100, "second")
    line = machine.line()
    assert not line.resume(mark, NOON_MS)
    assert NOON_MS == line.now_ms()


def test_the_steady_clock_of_another_boot_says_nothing() -> None:
    """The machine has been up for longer since its second boot than it was in its first: still not known."""
    machine = Machine()
    mark = machine.line().mark
    line = Machine(NOON_MS + 20_000, 60_000, "second").line()
    assert not line.resume(mark, NOON_MS)
    assert NOON_MS + 20_000 == line.now_ms()


def test_without_a_mark_nothing_is_known() -> None:
    """A journal that says nothing of its line."""
    line = Machine().line()
    assert not line.resume(None, NOON_MS + 5_000)
    assert NOON_MS + 5_000 == line.now_ms()


def test_a_machine_that_does_not_tell_its_boots_apart_is_not_trusted() -> None:
    """Two unknown boots are not the same boot."""
    machine = Machine(boot_id="")
    mark = machine.line().mark
    assert not Machine(NOON_MS + 20_000, 100, "").line().resume(mark, NOON_MS)


def test_a_line_that_would_run_backwards_is_not_trusted() -> None:
    """The same boot by name, but its steady clock is behind the last event: a machine was put back, or copied."""
    machine = Machine()
    line = machine.line()
    assert not line.resume(Mark("first", NOON_MS - 60_000), NOON_MS)
    assert NOON_MS == line.now_ms()
