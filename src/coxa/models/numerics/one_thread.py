"""Linear algebra on one thread: small matrices are slower on several, and two fits at once would fight for cores."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import numpy as np  # noqa: F401
import scipy.linalg  # noqa: F401  (a thread pool is found only once its library is loaded)
from threadpoolctl import ThreadpoolController


@cache
def controller() -> ThreadpoolController:
    """Return what knows the thread pools of numpy and scipy; looking for them takes longer than a small fit."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which linear algebra runs on one thread; afterwards everything is as it was.

    Examples
    --------
    >>> with one_thread():
    ...     total = np.ones((2, 2)) @ np.ones(2)
    """
    limited: AbstractContextManager[object] = controller().limit(limits=1, user_api="blas")
    return limited
