"""Every state that can be reached, each once; what is wrong in any of them, and how it came to that.

A state is a till and the world around it, each by its number. What a till or a world can do is found out once; after
that a state costs a few look-ups, so that millions can be visited.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from posd.payment.errors import PaymentError
from tests.exploration.bounds import Scenario
from tests.exploration.till import Effects, Face, Input, Tills, first
from tests.exploration.world import ARRIVES, Moves, World
from tests.invariants import Books, breaches, unfinished

State = int
"""The number of the till, shifted, and the number of the world."""
Option = tuple[str, int, Input | None]
"""What can happen next: its name, the number of the world after it, and what the till is given, if anything."""
SHIFT = 32
WORLD = (1 << SHIFT) - 1


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that must not be, and the way to it."""

    what: str
    story: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([self.what, *(f"  {step}" for step in self.story)])


class Worlds:
    """All worlds of a scenario that were met, each by its number; what can happen around the till, found out once."""

    def __init__(self, scenario: Scenario) -> None:
        self.moves = Moves(scenario)
        self.worlds: list[World] = []
        self.books: list[Books] = []
        self._numbers: dict[World, int] = {}
        self._of: dict[int, tuple[tuple[str, int], ...]] = {}
        self._answers: dict[int, tuple[tuple[str, int, Input], ...]] = {}
        self._performed: dict[tuple[int, Effects], int] = {}
        self._ticks: dict[int, int] = {}

    def number(self, world: World) -> int:
        """The number of a world."""
        number = self._numbers.get(world)
        if number is None:
            number = self._numbers[world] = len(self.worlds)
            self.worlds.append(world)
            self.books.append(self.moves.books(world))
        return number

    def of(self, number: int) -> tuple[tuple[str, int], ...]:
        """What customer and gateway can do."""
        known = self._of.get(number)
        if known is None:
            moves = self.moves.of(self.worlds[number])
            known = self._of[number] = tuple((label, self.number(after)) for label, after in moves)
        return known

    def answers(self, number: int) -> tuple[tuple[str, int, Input], ...]:
        """What can be answered."""
        known = self._answers.get(number)
        if known is None:
            answers = self.moves.answers(self.worlds[number])
            known = self._answers[number] = tuple((label, self.number(after), given) for label, after, given in answers)
        return known

    def performed(self, number: int, effects: Effects) -> int:
        """The world once something has left the till."""
        if not effects:
            return number
        known = self._performed.get((number, effects))
        if known is None:
            world = self.worlds[number]
            for effect in effects:
                world = self.moves.performed(world, effect)
            known = self._performed[number, effects] = self.number(world)
        return known

    def delayed(self, number: int) -> int:
        """The world a tick later, while the disk still writes the submit."""
        return self.number(self.moves.delayed(self.worlds[number]))

    def soon(self, number: int) -> bool:
        """Whether a pay request that arrives now must be found, late as it is."""
        return self.moves.soon(self.worlds[number])

    def tick(self, number: int) -> int:
        """The world a tick later."""
        known = self._ticks.get(number)
        if known is None:
            known = self._ticks[number] = self.number(self.moves.tick(self.worlds[number]))
        return known


class Explorer:
    """Breadth first, so that the way to a flaw is a shortest one."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.tills = Tills(scenario)
        self.worlds = Worlds(scenario)
        self.start = self.state(self.tills.number(first(scenario)), self.worlds.number(World()))
        self.came_from: dict[State, State] = {self.start: self.start}
        self.transitions = 0
        self.complete = False
        self._judged: dict[tuple[int, int], list[str]] = {}

    @staticmethod
    def state(till: int, world: int) -> State:
        """A till in a world."""
        return till << SHIFT | world

    # --- what can happen next -----------------------------------------------------------------------------------------

    def options(self, state: State) -> Iterator[Option]:
        """All that can happen next. What the till has to do at once leaves no time for anything slower."""
        till, world = state >> SHIFT, state & WORLD
        face = self.tills.faces[till]
        if not face.running:
            yield from self._while_down(face, world)
            return
        if face.crashes:
            yield "crash", world, ("crash",)
            if face.due_is_recorded and not face.follows:
                yield "record, crash", world, ("record, crash",)
        if face.follows:
            yield "settle", world, ("settle",)
            yield from self._answers(face, world)
        elif face.awaiting:
            yield "a code is read", world, ("code",)
            yield "cashier", world, ("cashier",)
            yield "tick", world, ("tick",)
        elif face.due is not None:
            yield face.due, world, ("do",)
            if face.due == "pay" and self.scenario.slow_disk:
                yield "slow disk", self.worlds.delayed(world), ("tick",)
        else:
            yield from self._around(face, world)
            yield from self._answers(face, world)
            if face.can_be_voided and self.scenario.cashier:
                yield "cashier", world, ("cashier",)
            yield "tick", self.worlds.tick(world), ("tick",)

    def _while_down(self, face: Face, world: int) -> Iterator[Option]:
        for how in self.scenario.clocks:
            yield f"restart, clock {how}", world, ("restart", how)
        yield from self._around(face, world)
        yield "tick", self.worlds.tick(world), ("tick",)

    def _around(self, face: Face, world: int) -> Iterator[Option]:
        # After the last question that the contract names nobody asks any more; what arrives then is out of its reach.
        asked_for = face.asks_later or self.worlds.soon(world)
        out_of_reach = self.scenario.late and face.final and not asked_for
        for label, after in self.worlds.of(world):
            if not (out_of_reach and label == ARRIVES):
                yield label, after, None

    def _answers(self, face: Face, world: int) -> Iterator[Option]:
        for label, after, given in self.worlds.answers(world):
            yield label, after, given
            if face.echoes:
                yield f"{label}, once", after, (*given[:-1], True)
        if face.echo:
            yield "an answer comes once more", world, ("echo",)

    def after(self, state: State, option: Option) -> State:
        """The state that an option leads to. Raises what the machine raises."""
        _, world, given = option
        if given is None:
            return state & ~WORLD | world
        till, effects = self.tills.take(state >> SHIFT, given)
        return till << SHIFT | self.worlds.performed(world, effects)

    # --- going everywhere ---------------------------------------------------------------------------------------------

    def explore(self, most: int) -> Flaw | None:
        """Visit at most so many states; stop at the first flaw. ``complete`` tells whether all were visited."""
        waiting = deque([self.start])
        flaw: Flaw | None = None
        while waiting and flaw is None and len(self.came_from) < most:
            flaw = self._visit(waiting.popleft(), waiting)
        self.complete = not waiting and flaw is None
        return flaw

    def _visit(self, state: State, waiting: deque[State]) -> Flaw | None:
        came_from = self.came_from
        for option in self.options(state):
            self.transitions += 1
            try:
                after = self.after(state, option)
            except PaymentError as error:
                return Flaw(f"{type(error).__name__}: {error}", (*self.story(state), option[0]))
            if after not in came_from:
                came_from[after] = state
                if wrong := self.wrong(after):
                    return Flaw(", ".join(wrong), self.story(after))
                waiting.append(after)
        return None

    # --- what must hold -----------------------------------------------------------------------------------------------

    def wrong(self, state: State) -> list[str]:
        """What does not hold in this state."""
        till, world = state >> SHIFT, state & WORLD
        face, books = self.tills.faces[till], self.worlds.books[world]
        facts = (id(face.told), id(books))
        known = self._judged.get(facts)
        if known is None:
            known = self._judged[facts] = breaches(face.told, books)
        return [*known, face.amiss] if face.amiss else known

    def unfinished(self, state: State) -> list[str]:
        """What does not hold although this is the end of the story."""
        return unfinished(self.tills.faces[state >> SHIFT].told, self.worlds.books[state & WORLD])

    def story(self, state: State) -> tuple[str, ...]:
        """How it came to this state, move by move."""
        steps: list[str] = []
        while (before := self.came_from[state]) != state:
            label = next(option[0] for option in self.options(before) if self.after(before, option) == state)
            told, world = self.tills.faces[state >> SHIFT].told, self.worlds.worlds[state & WORLD]
            steps.append(f"{label:<44} {told.status:<11} order {world.order.name.lower()}, age {world.age}")
            state = before
        return tuple(reversed(steps))
