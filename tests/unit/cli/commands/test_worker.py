"""The arguments that `pec worker` hands to the workers."""

from cli.commands.worker import worker_arguments


def test_queues_are_left_out_where_all_are_meant() -> None:
    assert worker_arguments(2, 8, ()) == ["--processes", "2", "--threads", "8"]


def test_queues_are_handed_on() -> None:
    assert worker_arguments(1, 1, ("send", "check"))[4:] == ["--queues", "send", "check"]
