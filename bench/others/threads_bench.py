"""The workloads of the benchmarks, with the threads of Python: `threads_bench.py WORKLOAD [ARGUMENT ...]`; see common.py."""

import os
import queue as queues
import socket
import sys
import threading
import time

from common import expect, listener, main, memory, show, timed


def in_threads(many, target, *arguments):
    all_ = [threading.Thread(target=target, args=(x, *arguments)) for x in range(many)]
    for each in all_:
        each.start()
    for each in all_:
        each.join()


def switch(turns):
    """Two that hand control to one another by name: each waits for a semaphore of its own."""

    def run():
        steps = 0
        turn = [threading.Semaphore(1), threading.Semaphore(0)]

        def player(me):
            nonlocal steps
            for _ in range(turns):
                turn[me].acquire()
                steps += 1
                turn[1 - me].release()

        in_threads(2, player)
        expect(steps, 2 * turns)

    timed(2 * turns, run)


def sleep0(many, turns):
    def run():
        results = [0] * many

        def giving(x):
            for _ in range(turns):
                results[x] += 1
                time.sleep(0)

        in_threads(many, giving)
        expect(sum(results), many * turns)

    timed(many * turns, run)


def spawn(many):
    def run():
        results = [0] * many

        def life(x):
            results[x] = x + 1

        in_threads(many, life)
        expect(sum(results), many * (many + 1) // 2)

    timed(many, run)


def parked(many):
    never = threading.Event()
    begun = threading.Barrier(many + 1)

    def waiting():
        begun.wait()
        never.wait()

    before = memory()
    for _ in range(many):
        threading.Thread(target=waiting, daemon=True).start()
    begun.wait()
    show(bytes=(memory() - before) / many)
    sys.stdout.flush()
    os._exit(0)


def mutex(many, turns):
    def run():
        lock = threading.Lock()
        steps = 0

        def taking(_):
            nonlocal steps
            for _ in range(turns):
                with lock:
                    seen = steps
                    time.sleep(0)
                    steps = seen + 1

        in_threads(many, taking)
        expect(steps, many * turns)

    timed(many * turns, run)


def queue(bound, items):
    """A bound of 0: none."""

    def run():
        queue = queues.Queue(bound)
        results = [0, 0]

        def player(me):
            if me == 0:
                for x in range(items):
                    queue.put(x)
            else:
                results[1] = sum(queue.get() for _ in range(items))

        in_threads(2, player)
        expect(results[1], items * (items - 1) // 2)

    timed(items, run)


def serve_echo():
    server = listener()

    def echo(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while True:
                data = connection.recv(65536)
                if not data:
                    break
                connection.sendall(data)

    def accepting():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    threading.Thread(target=accepting, daemon=True).start()
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main(
    {
        "empty": lambda: None,
        "switch": switch,
        "sleep0": sleep0,
        "spawn": spawn,
        "parked": parked,
        "mutex": mutex,
        "queue": queue,
        "serve-echo": serve_echo,
    }
)
