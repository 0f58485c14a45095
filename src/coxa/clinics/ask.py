"""The questions of an audit, asked here, by processes of this machine, or by those of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coxa.episodes.episodes import Episodes
from coxa.episodes.own_folder import own_folder
from coxa.episodes.shared import SharedEpisodes, share_episodes
from coxa.runs.workers import Workers

Question = tuple[Callable[..., Any], tuple[Any, ...]]
"""A measure, which takes the episodes first, and what it takes besides."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked.

    episodes : those of this process
    workers  : where questions are answered
    shared   : the same episodes in a file, for workers; None where this process answers
    """

    episodes: Episodes
    workers: Workers
    shared: SharedEpisodes | None

    def answers(self, questions: Mapping[str, Question]) -> dict[str, Any]:
        """Return the answer to each question, in their order; questions do not depend on each other."""
        if self.shared is None:
            return {name: measure(self.episodes, *more) for name, (measure, more) in questions.items()}
        pieces = [(self.shared, measure, more) for measure, more in questions.values()]
        found = dict(self.workers.map(answer, pieces))
        return {name: found[place] for place, name in enumerate(questions)}


def answer(shared: SharedEpisodes, measure: Callable[..., Any], more: tuple[Any, ...]) -> Any:
    """Return a measure of episodes that are in a file."""
    episodes = shared.open()
    try:
        return measure(episodes, *more)
    finally:
        episodes.close()


@contextmanager
def asking(episodes: Episodes, workers: Workers) -> Iterator[Asked]:
    """Yield who is asked; where these are other processes, the episodes are in a file for as long as they are asked."""
    if workers.scheduler is None and workers.jobs == 1:
        yield Asked(episodes, workers, None)
        return
    with own_folder() as folder:
        yield Asked(episodes, workers, share_episodes(episodes, Path(folder)))
