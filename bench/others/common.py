"""What the Python programs share: timing, checking, and printing the figure as JSON."""

import json
import os
import socket
import sys
import time

# How long, in seconds, runs that do not count take at least, and those that do.
WARM = 0.06
COUNT = 0.15


def expect(got, wanted):
    if got != wanted:
        sys.exit(f"wrong result: {got!r} instead of {wanted!r}")


def show(**figures):
    print(json.dumps(figures))


def timed(ops, run):
    """Prints the ns an operation of run, which has ops of them."""
    began = time.perf_counter()
    while True:
        run()
        if time.perf_counter() - began > WARM:
            break
    runs = 0
    began = time.perf_counter()
    while True:
        run()
        runs += 1
        passed = time.perf_counter() - began
        if passed > COUNT:
            break
    show(ns=passed * 1e9 / (runs * ops))


def memory():
    """Bytes of memory that the process has in use (resident)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def delays(many, longest):
    """As those of timers.mjs, in ms."""
    return [1 + i * 7919 % 10007 % longest for i in range(many)]


def listener():
    """A listening socket on a free port of loopback."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    server.listen(1024)
    return server


def main(workloads):
    name, *arguments = sys.argv[1:]
    workloads[name](*map(int, arguments))
