"""The same pieces of work in this process, on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
            raise OptionError(f"jobs is {self.jobs}; give the number of processes, at least 1")

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
        from joblib import Parallel, delayed

        with self._backend():
            jobs = self.jobs if self.scheduler is None else -1
            run = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="all", batch_size=1)
            yield from run(delayed(_numbered)(work, number, piece) for number, piece in enumerate(pieces))

    def _backend(self) -> AbstractContextManager[Any]:
        return _loky() if self.scheduler is None else _dask(self.scheduler)


def _numbered(work: Callable[..., Any], number: int, piece: tuple[Any, ...]) -> tuple[int, Any]:
    return number, work(*piece)


def _loky() -> AbstractContextManager[Any]:
    from joblib import parallel_config

    config: AbstractContextManager[Any] = parallel_config("loky", inner_max_num_threads=1)
    return config if config is not None else nullcontext()


@contextmanager
def _dask(address: str) -> Iterator[None]:
    """Send what joblib runs to a Dask cluster."""
    try:
        from distributed import Client
    except ImportError:
        raise OptionError(
            "--scheduler needs Dask, which is not installed; install coxa[large], or use --jobs on this machine"
        ) from None
    from joblib import parallel_config

    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise OptionError(
            f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`, or use --jobs"
        ) from None
    with client, parallel_config("dask"):
        yield
