"""Work that is spread over the cores of this machine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, TypeVar

S = TypeVar("S")
T = TypeVar("T")

#: How many processes work at once.
PROCESSES: Final = min(4, os.cpu_count() or 1)


def in_processes(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """As `map`, in as many processes as there are cores (four at most), never more than one item ahead for each."""
    coming = iter(items)
    first = list(islice(coming, 2))
    coming = chain(first, coming)
    if PROCESSES == 1 or len(first) < 2:
        yield from map(work, coming)
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        ahead: deque[Future[T]] = deque()
        for item in coming:
            ahead.append(pool.submit(work, item))
            if len(ahead) > PROCESSES:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
