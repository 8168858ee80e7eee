"""Many papers, one PDF each, on all cores.

The workers are new processes: one that is forked after typst has run in its parent hangs. They
import no Django and see no database. Must not know what the papers are.
"""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from controller.documents import press
from controller.documents.sheets import Sheet

BATCH = 25  # papers of one errand to a worker
WAITING_MAX = 4  # errands of each worker under way, so that memory has a bound
ERRANDS_MAX = 200  # of one worker, which then makes way for a new one

Job = tuple[Sheet, int]  # a sheet, and when it was made (Unix seconds)


def print_many(jobs: Iterable[Job], workers: int) -> Iterator[bytes]:
    """The PDF of every job, in their order. `workers` 1 or less: in this process."""
    if workers <= 1:
        yield from (_print(job) for job in jobs)
        return
    rest = iter(jobs)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, max_tasks_per_child=ERRANDS_MAX) as pool:
        under_way: deque[Future[list[bytes]]] = deque()
        while True:
            batch = list(islice(rest, BATCH))
            if batch:
                under_way.append(pool.submit(_print_batch, batch))
            if not under_way:
                return
            if not batch or len(under_way) >= workers * WAITING_MAX:
                yield from under_way.popleft().result()


def _print_batch(batch: list[Job]) -> list[bytes]:
    return [_print(job) for job in batch]


def _print(job: Job) -> bytes:
    sheet, made_unix_s = job
    return press.press().pdf([sheet], made_unix_s)
