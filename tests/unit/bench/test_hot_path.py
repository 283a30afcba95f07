"""A profile's stacks, sorted into kinds of work."""

from bench.hot_path import by_function, by_place, parsed

STACKS = [
    "run (threading.py:1);send (workers/tasks/send.py:40);execute (redis/client.py:9);read (socket.py:3) 30",
    "run (threading.py:1);send (workers/tasks/send.py:40);_arguments (pec/store/commits.py:9) 60",
    "run (threading.py:1) 10",
]


def test_time_is_counted_for_the_innermost_known_place() -> None:
    shares = by_place(parsed(STACKS))

    assert shares["commit: building it"] == 0.6
    assert shares["threads, the rest"] == 0.1


def test_functions_are_listed_by_their_own_time() -> None:
    assert by_function(parsed(STACKS), most=1) == [("_arguments (pec/store/commits.py:9)", 0.6)]
