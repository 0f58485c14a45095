"""The same pieces of work in this process, on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from coxa.errors import OptionError


@dataclass(frozen=True, slots=True)
class Workers:
    """Where work is done.

    jobs      : processes on this machine; 1 does it in this one
    scheduler : address of a Dask scheduler, such as tcp://10.0.0.5:8786, instead
    """

    jobs: int = 1
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise OptionError(f"`jobs` is {self.jobs}. Give the number of processes, at least 1.")

    def map(self, work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Yield (number of the piece, what `work(*piece)` returned) as they are finished, in any order.

        Raises
        ------
        OptionError
            A scheduler is named and Dask is not installed, or nobody answers at the address.
        """
        if not pieces:
            return
        if self.scheduler is None and (self.jobs == 1 or len(pieces) == 1):
            for number, piece in enumerate(pieces):
                yield number, work(*piece)
            return
        run = self._here_and_beside if self.scheduler is None else self._on_cluster
        yield from run(work, pieces)

    def _here_and_beside(
        self, work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Work in this process, which is ready at once, and in others beside it, which take a while to start."""
        from joblib.externals.loky import get_reusable_executor

        beside = self.jobs - 1
        executor = get_reusable_executor(max_workers=beside, timeout=60)
        waiting = deque(enumerate(pieces))
        running: dict[Future[Any], int] = {}
        try:
            while waiting or running:
                ahead = 2 * beside if len(waiting) > 2 * self.jobs else beside
                while len(waiting) > 1 and len(running) < ahead:
                    number, piece = waiting.popleft()
                    running[executor.submit(work, *piece)] = number
                if waiting:
                    number, piece = waiting.popleft()
                    yield number, work(*piece)
                elif running:
                    wait(running, return_when=FIRST_COMPLETED)
                for future in [one for one in running if one.done()]:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()

    def _on_cluster(self, work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        from joblib import Parallel, delayed

        assert self.scheduler is not None
        with _dask(self.scheduler):
            run = Parallel(n_jobs=-1, return_as="generator_unordered", pre_dispatch="all", batch_size=1)
            yield from run(delayed(_numbered)(work, number, piece) for number, piece in enumerate(pieces))


def _numbered(work: Callable[..., Any], number: int, piece: tuple[Any, ...]) -> tuple[int, Any]:
    return number, work(*piece)


@contextmanager
def _dask(address: str) -> Iterator[None]:
    """Send what joblib runs to a Dask cluster."""
    try:
        from distributed import Client
    except ImportError:
        raise OptionError(
            "`--scheduler` needs Dask, which is not installed. Install coxa[large], or use `--jobs` on this machine."
        ) from None
    from joblib import parallel_config

    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError, MemoryError) as error:  # another kind of server: its answer is read as a length
        why = "what answers is something else" if isinstance(error, MemoryError) else error
        raise OptionError(
            f"No Dask scheduler answers at {address} ({why}). Start one with `dask scheduler`, or use `--jobs`."
        ) from None
    with client, parallel_config("dask"):
        yield
