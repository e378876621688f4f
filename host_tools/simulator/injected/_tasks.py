"""`_asyncio` for virtual time: the built-in one stamps tasks with the computer's clock.

Tasks of one instant run in order.

What asyncio's core expects of the two classes is in MicroPython's documentation
of asyncio and in the calls that the core makes.
"""

from _virtual_time import ticks_diff, ticks_ms


class TaskQueue:
    """Tasks by the time at which they are to run."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        """Schedules a task for `key` in ticks of ms, now without one."""
        task.data = None
        task.ph_key = key = ticks_ms() if key is None else key
        place = len(self._tasks)
        while place and ticks_diff(self._tasks[place - 1].ph_key, key) > 0:
            place -= 1
        self._tasks.insert(place, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    """A coroutine and what becomes of it.

    `state`: True while it runs, a TaskQueue while others wait for it, a callable to be told of its end, None
    when it has ended and nobody has waited, False when somebody has. `data`: what it waits for, or the
    exception to throw into it, or its result.
    """

    def __init__(self, coro, names=None):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        self._core = names

    def __iter__(self):
        if not self.state:
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("Task can't be waited")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        waiting = self._core["cur_task"]
        self.state.push(waiting)
        waiting.data = self

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        if self is self._core["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        queue = self._core["_task_queue"]
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            queue.push(task)
        elif ticks_diff(task.ph_key, ticks_ms()) > 0:
            queue.remove(task)
            queue.push(task)
        task.data = self._core["CancelledError"]
        return True
