"""Several houses that live side by side. It must not know a house from inside."""

from collections.abc import Callable, Sequence

from simulator.fleet import House


class Fleet:
    """Several houses that live through the same time."""

    def __init__(self, houses: Sequence[House]) -> None:
        self.houses = list(houses)

    def start(self) -> None:
        """Power all boards."""
        for house in self.houses:
            house.start()

    def run_until(
        self, t_s: int, progress: Callable[[int], None] | None = None, step_s: int = 3600
    ) -> None:
        """Let all live until `t_s`, side by side; calls `progress(board time)` every `step_s`."""
        now_s = min((house.now_s for house in self.houses), default=t_s)
        while now_s < t_s:
            now_s = min(t_s, now_s + step_s)
            for house in self.houses:
                house.begin(now_s)
            for house in self.houses:
                house.finish()
            if progress:
                progress(now_s)

    def settle(self) -> None:
        """Let no time pass until no board has a network exchange outstanding."""
        for house in self.houses:
            house.settle()

    def stop(self) -> None:
        """Keep the worlds' states and end the processes."""
        for house in self.houses:
            house.stop()

    def __enter__(self) -> "Fleet":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for house in self.houses:
            house.kill()
