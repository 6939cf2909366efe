"""The workloads of the benchmarks, with gevent and greenlet: `gevent_bench.py WORKLOAD [ARGUMENT ...]`; see common.py."""

import os
import sys
import time

import gevent
import gevent.event
import gevent.lock
import gevent.os
import gevent.pool
import gevent.queue
import gevent.server
import gevent.socket
import greenlet

from common import delays, expect, main, memory, show, timed


def switch(turns, depth=0):
    """greenlet alone: two that hand control to one another by name."""

    def run():
        steps = 0

        def ping(depth):
            nonlocal steps
            if depth > 0:
                return ping(depth - 1)
            for _ in range(turns):
                steps += 1
                right.switch()

        def pong(depth):
            nonlocal steps
            if depth > 0:
                return pong(depth - 1)
            while True:
                steps += 1
                left.switch()

        left = greenlet.greenlet(lambda: ping(depth))
        right = greenlet.greenlet(lambda: pong(depth))
        left.switch()
        expect(steps, 2 * turns)

    timed(2 * turns, run)


def sleep0(many, turns):
    def giving():
        steps = 0
        while steps < turns:
            steps += 1
            gevent.sleep(0)
        return steps

    def run():
        all_ = [gevent.spawn(giving) for _ in range(many)]
        gevent.joinall(all_)
        expect(sum(each.value for each in all_), many * turns)

    timed(many * turns, run)


def spawn(many):
    def life(x):
        return x + 1

    def run():
        all_ = [gevent.spawn(life, x) for x in range(many)]
        gevent.joinall(all_)
        expect(sum(each.value for each in all_), many * (many + 1) // 2)

    timed(many, run)


def parking(many):
    """Greenlets that wait, each for a result of its own; gives both."""
    results = [gevent.event.AsyncResult() for _ in range(many)]
    all_ = [gevent.spawn(lambda x: x + results[x].get(), x) for x in range(many)]
    gevent.sleep(0)
    return results, all_


def parked(many):
    waiting = gevent.event.Event()
    before = memory()
    all_ = [gevent.spawn(waiting.wait) for _ in range(many)]
    gevent.sleep(0)
    show(bytes=(memory() - before) / len(all_))
    sys.stdout.flush()
    os._exit(0)


def wake(many):
    results, all_ = parking(many)
    began = time.perf_counter()
    for each in results:
        each.set(1)
    gevent.joinall(all_)
    total = sum(each.value for each in all_)
    passed = time.perf_counter() - began
    expect(total, many * (many + 1) // 2)
    show(ns=passed * 1e9 / many)


def timers(many, longest):
    def sleeper(ms):
        gevent.sleep(ms / 1000)
        return ms

    began = time.process_time()
    all_ = [gevent.spawn(sleeper, ms) for ms in delays(many, longest)]
    gevent.joinall(all_)
    total = sum(each.value for each in all_)
    passed = time.process_time() - began
    expect(total, sum(delays(many, longest)))
    show(ns=passed * 1e9 / many)


def kill(many):
    closed = 0
    never = gevent.event.Event()

    def waiting():
        nonlocal closed
        try:
            never.wait()
        finally:
            closed += 1

    all_ = [gevent.spawn(waiting) for _ in range(many)]
    gevent.sleep(0)
    began = time.perf_counter()
    gevent.killall(all_)
    passed = time.perf_counter() - began
    expect(closed, many)
    show(ns=passed * 1e9 / many)


def timeout(many):
    def work(x):
        gevent.sleep(0)
        return x + 1

    def run():
        total = 0
        for x in range(many):
            with gevent.Timeout(10):
                total += work(x)
        expect(total, many * (many + 1) // 2)

    timed(many, lambda: gevent.spawn(run).get())


def lock(times):
    def run():
        lock = gevent.lock.BoundedSemaphore(1)
        taken = 0
        for _ in range(times):
            if lock.acquire():
                taken += 1
            lock.release()
        expect(taken, times)

    timed(times, lambda: gevent.spawn(run).get())


def mutex(many, turns):
    def run():
        lock = gevent.lock.BoundedSemaphore(1)
        steps = 0

        def taking():
            nonlocal steps
            for _ in range(turns):
                lock.acquire()
                seen = steps
                gevent.sleep(0)
                steps = seen + 1
                lock.release()

        gevent.joinall([gevent.spawn(taking) for _ in range(many)], raise_error=True)
        expect(steps, many * turns)

    timed(many * turns, run)


def queue(bound, items):
    """A bound of 0: none."""

    def run():
        queue = gevent.queue.Queue(bound or None)

        def producing():
            for x in range(items):
                queue.put(x)

        def consuming():
            return sum(queue.get() for _ in range(items))

        gevent.spawn(producing)
        expect(gevent.spawn(consuming).get(), items * (items - 1) // 2)

    timed(items, run)


def pool(jobs, size):
    def run():
        working = most = 0

        def job(x):
            nonlocal working, most
            working += 1
            most = max(most, working)
            gevent.sleep(0)
            working -= 1
            return x + 1

        expect(sum(gevent.pool.Pool(size).map(job, range(jobs))), jobs * (jobs + 1) // 2)
        expect(most <= size, True)

    timed(jobs, run)


def until_stdin_ends(server):
    server.start()
    print(server.server_port, flush=True)
    while gevent.os.tp_read(0, 1024):
        pass
    os._exit(0)


def serve_echo():
    def echo(socket, _address):
        socket.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        while True:
            data = socket.recv(65536)
            if not data:
                break
            socket.sendall(data)

    until_stdin_ends(gevent.server.StreamServer(("127.0.0.1", 0), echo))


def serve_http():
    import gevent.pywsgi

    hello = b"Hello, world!"

    def application(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(hello)))])
        return [hello]

    until_stdin_ends(gevent.pywsgi.WSGIServer(("127.0.0.1", 0), application, log=None))


def crawl(port, pages, size, at_once):
    """http.client, patched, with a connection kept by each worker."""
    import gevent.monkey

    gevent.monkey.patch_all()
    import http.client

    def worker(start):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        total = 0
        for i in range(start, pages, at_once):
            connection.request("GET", f"/page/{i}")
            total += len(connection.getresponse().read().decode())
        connection.close()
        return total

    began = time.perf_counter()
    before = time.process_time()
    all_ = [gevent.spawn(worker, start) for start in range(at_once)]
    gevent.joinall(all_)
    expect(sum(each.value for each in all_), pages * size)
    show(cpu=(time.process_time() - before) * 1e9 / pages, ms=(time.perf_counter() - began) * 1000)


main(
    {
        "empty": lambda: None,
        "switch": switch,
        "sleep0": sleep0,
        "spawn": spawn,
        "parked": parked,
        "wake": wake,
        "timers": timers,
        "kill": kill,
        "timeout": timeout,
        "lock": lock,
        "mutex": mutex,
        "queue": queue,
        "pool": pool,
        "serve-echo": serve_echo,
        "serve-http": serve_http,
        "crawl": crawl,
    }
)
