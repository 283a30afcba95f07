"""Threads, sorted by what they wait for."""

from bench.waits import NO_HINT, PYTHON, by_wait

RUN = "run (dramatiq/worker.py:483)"
TASK = f"{RUN};process_message (dramatiq/worker.py:520);send (workers/tasks/send.py:60)"
STACKS = {
    f"{RUN};get (queue.py:180);wait (threading.py:331)": 40,
    f"{TASK};run (pec/store/store.py:50);_read_from_socket (redis/_parsers/hiredis.py:90)": 20,
    f"{TASK};together (pec/store/store.py:70);run (pec/store/combiner.py:50)": 10,
    f"{TASK};ask (pec/http/connection.py:130);read_into (pec/http/deadline_socket.py:80)": 10,
    f"{TASK};post (pec/api/transport.py:70);open_tcp (pec/http/connection.py:180)": 5,
    f"{TASK};wait (workers/rate_limiter.py:70)": 5,
    f"{TASK};_arguments (pec/store/commits.py:140)": 10,
    f"{RUN};__next__ (workers/broker.py:150);wait (threading.py:331)": 100,
    "_run (workers/middleware/background.py:70);wait (threading.py:331)": 100,
}


def test_threads_that_run_tasks_are_counted_by_what_they_wait_for() -> None:
    assert by_wait(STACKS, threads=16) == {
        NO_HINT: 6.4,
        "Redis: a reply, or the GIL after it": 3.2,
        "Redis: its part of a shared write": 1.6,
        "HTTP: an answer, or the GIL after it": 1.6,
        PYTHON: 1.6,
        "HTTP: connecting": 0.8,
        "pace: a slot": 0.8,
    }
