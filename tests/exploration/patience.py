"""How long it takes once faults have stopped: from every state that was visited, to an end that holds.

Without faults whatever was sent arrives and is answered truthfully at once, a dead process is started again with a
clock that is known, and the gateway does what it is asked for. Only the customer is still free: he may confirm, refuse,
or do nothing at any moment. The slowest of his ways counts.
"""

from __future__ import annotations

from posd.payment.events import Source
from posd.payment.verdicts import Pending
from tests.exploration.explorer import SHIFT, WORLD, Explorer, Flaw, Option, State
from tests.exploration.till import PAID
from tests.exploration.world import LOST, PAY_SAYS, QUERY_SAYS, REFUND_SAYS, REPLIES, World

_CUSTOMER = frozenset({"customer confirms", "customer refuses"})


class Patience:
    """The ticks to the end from every state of one exploration, each found out once."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._ticks: dict[State, int] = {}
        self.flaw: Flaw | None = None

    @property
    def longest(self) -> int:
        """The most ticks from any state that was asked for."""
        return max(self._ticks.values(), default=0)

    def ask(self, start: State) -> None:
        """Find out how long it takes from a state; sets ``flaw`` where it never ends, or not as it should."""
        if self.flaw is not None or start in self._ticks:
            return
        path, on_path = [start], {start}
        while path and self.flaw is None:
            state = path[-1]
            after = [(self._explorer.after(state, option), option[0] == "tick") for option in self._fair(state)]
            unknown = next((next_ for next_, _ in after if next_ not in self._ticks), None)
            if unknown is None:
                self._ticks[state] = max((self._ticks[next_] + tick for next_, tick in after), default=0)
                on_path.discard(path.pop())
            elif unknown in on_path:
                self._never_ends(unknown)
            else:
                path.append(unknown)
                on_path.add(unknown)

    def _never_ends(self, state: State) -> None:
        wrong = ", ".join(self._explorer.unfinished(state)) or "posd still asks"
        self.flaw = Flaw(f"without faults it stays so for ever: {wrong}", self._explorer.story(state))

    # --- without faults -----------------------------------------------------------------------------------------------

    def _fair(self, state: State) -> list[Option]:
        """What can happen next when nothing fails: one thing, and what the customer may do instead. None at the end."""
        explorer = self._explorer
        face, world = explorer.tills.faces[state >> SHIFT], explorer.worlds.worlds[state & WORLD]
        options = list(explorer.options(state))
        if not face.running:
            return [next(option for option in options if option[0].startswith("restart"))]
        if face.follows or face.due is not None:
            return [next(option for option in options if option[0] in {"settle", face.due})]
        customer = [option for option in options if option[0] in _CUSTOMER]
        prompt = next((option for option in options if self._prompt(option, world)), None)
        if prompt is not None:
            return [prompt, *customer]
        if face.quiet and not customer and not explorer.unfinished(state):
            return []
        return [*customer, options[-1]]

    @staticmethod
    def _prompt(option: Option, world: World) -> bool:
        """Whether this is the truth, or the first thing that the gateway can do: what it was asked for."""
        label, _, given = option
        match given:
            case None:
                return label not in _CUSTOMER
            case ("hear", Source() as source, _, verdict, False):
                return verdict in _truths(source, world)
            case _:
                return False


def _truths(source: Source, world: World) -> tuple[object, ...]:
    """What can be said when nothing fails."""
    match source:
        case Source.QUERY:
            return (QUERY_SAYS[world.order],)
        case Source.PAY:
            return (PAY_SAYS.get(world.order, LOST), Pending(), LOST)[: 2 if world.pay else 3]
        case Source.REFUND_QUERY:
            return (REFUND_SAYS[world.refund],)
        case Source.NOTIFICATION:
            return (PAID,)
        case Source.CANCEL | Source.REFUND:
            return (*REPLIES.values(), *REFUND_SAYS.values())
