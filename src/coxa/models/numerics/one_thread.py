"""Linear algebra on one thread: small matrices are slower on several, and two fits at once would fight for cores."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import numpy as np  # noqa: F401
import scipy.linalg  # noqa: F401  (a thread pool is found only once its library is loaded)
from threadpoolctl import ThreadpoolController

POOLS = ThreadpoolController()
"""What knows the thread pools of numpy and scipy, looked for once: that takes longer than a small fit."""

one_thread: Callable[[], AbstractContextManager[object]] = partial(POOLS.limit, limits=1, user_api="blas")
"""Return a context in which linear algebra runs on one thread; afterwards everything is as it was."""
