"""The queues of work that follows from facts: what is in them, who answers for them, and when their age is an alarm.

A job is queued in the transaction of the act that makes it necessary, and is done at least once. It carries ids and
places in the ledger, and nothing that says something about a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue. `owner` is who is told when its oldest job is older than `late`, and must act once it is older than `alarm`."""

    name: str
    owner: str
    late: timedelta
    alarm: timedelta


#: What arrived, and is not yet in the matches.
CHANGES: Final = Queue(
    "changes", "whoever runs this installation", late=timedelta(minutes=5), alarm=timedelta(hours=1)
)
QUEUES: Final = (CHANGES,)

#: The task that works out whom some news concerns: `first` and `last` are places in the ledger.
NEWS: Final = "wholechild.news"
#: The task that evaluates some children: `children` are ids of people.
CHILDREN: Final = "wholechild.children"
#: The task that looks every minute for children for whom time alone has changed something.
DUE: Final = "wholechild.due"
#: The task that queues anew what a worker had begun that is no longer alive.
TAKE_OVER: Final = "wholechild.take-over"
