"""The same jobs (job.mjs) in Python: tasks.py gevent|threads JOB COUNT PORT prints one line of JSON."""

import json
import os
import socket
import sys
import threading
import time

ASKS = 2
TOTAL = 100_000
N = 14
PART = 377
CONNECTIONS = 100

kind, job, count, port = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
parts = TOTAL // count


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def compute(count):
    total = 0
    for _ in range(count):
        total += fib(N)
    return total


def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def tell(start_up, wall, cpu, memory, outcomes):
    total = sum(each[0] for each in outcomes)
    answers = sum(each[1] for each in outcomes)
    assert total == (0 if job == 'io' else TOTAL * PART), total
    assert answers == (0 if job == 'cpu' else ASKS * count), answers
    figures = {'startUp': start_up * 1e3, 'wall': wall * 1e3, 'cpu': cpu * 1e3, 'memory': memory / count}
    print(json.dumps(figures))


def work(ask):
    """A task; `ask` sends a line and gives the answer."""
    if job == 'cpu':
        return compute(parts), 0
    total = answers = 0
    for i in range(ASKS):
        if ask(str(i)) == str(i):
            answers += 1
        if job == 'mixed' and i == 0:
            total = compute(parts)
    return total, answers


def with_threads():
    outcomes = [None] * count
    go = threading.Event()
    there = threading.Barrier(count + 1)

    def task(index):
        there.wait()
        go.wait()
        if job == 'cpu':
            outcomes[index] = work(None)
            return
        with socket.create_connection(('127.0.0.1', port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            file = connection.makefile('r')

            def ask(line):
                connection.sendall(f'{line}\n'.encode())
                return file.readline().rstrip()

            outcomes[index] = work(ask)

    threading.Thread(target=int).start()
    before, cpu, begun = resident(), time.process_time(), time.perf_counter()
    threads = [threading.Thread(target=task, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    there.wait()
    start_up = time.perf_counter() - begun
    memory = resident() - before
    started = time.perf_counter()
    go.set()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - started
    tell(start_up, wall, time.process_time() - cpu, memory, outcomes)


def with_gevent():
    import gevent
    import gevent.event
    import gevent.socket

    class Line:
        """A connection that many ask over: each gets the answer that begins with its own number."""

        def __init__(self):
            self.waiting = {}
            self.connection = None
            self.opening = None

        def ask(self, index, question):
            answer = self.waiting[index] = gevent.event.AsyncResult()
            if self.connection is None:
                self.open()
            self.connection.sendall(f'{index} {question}\n'.encode())
            return answer.get()

        def open(self):
            if self.opening is None:
                self.opening = gevent.spawn(gevent.socket.create_connection, ('127.0.0.1', port))
            connection = self.opening.get()
            if self.connection is None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connection = connection
                gevent.spawn(self.read)

        def read(self):
            for line in self.connection.makefile('r'):
                index, question = line.split()
                self.waiting.pop(int(index)).set(question)

    lines = [Line() for _ in range(min(count, CONNECTIONS))]
    go = gevent.event.Event()
    all_there = gevent.event.Event()
    there = 0

    def task(index):
        nonlocal there
        there += 1
        if there == count:
            all_there.set()
        go.wait()
        line = lines[index % len(lines)]
        return work(lambda question: line.ask(index, question))

    # What a program that lives longer than this has long since made: the hub.
    gevent.joinall([gevent.spawn(gevent.sleep, 0) for _ in range(10)])
    before, cpu, begun = resident(), time.process_time(), time.perf_counter()
    tasks = [gevent.spawn(task, index) for index in range(count)]
    all_there.wait()
    start_up = time.perf_counter() - begun
    memory = resident() - before
    started = time.perf_counter()
    go.set()
    gevent.joinall(tasks, raise_error=True)
    wall = time.perf_counter() - started
    tell(start_up, wall, time.process_time() - cpu, memory, [each.value for each in tasks])


if kind == 'gevent':
    with_gevent()
else:
    with_threads()
