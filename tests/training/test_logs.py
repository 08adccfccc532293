"""The log: JSON lines and TensorBoard, both forget what a resumed run does again."""

import builtins
import time

import pytest

from scorelet.core.errors import MissingExtraError
from scorelet.training import read_log
from scorelet.training.logs import RunLog


def write(folder, steps, *, step=0, tensorboard=False):
    log = RunLog(folder, step=step, tensorboard=tensorboard)
    for k in steps:
        log.write(k, loss=1 / k, note="text")
    log.close()


def steps_of(folder):
    return [line["step"] for line in read_log(folder / "log.jsonl")]


def test_what_is_written_is_read_back(tmp_path):
    write(tmp_path, [1, 3])
    assert read_log(tmp_path / "log.jsonl") == [
        {"step": 1, "loss": 1.0, "note": "text"},
        {"step": 3, "loss": 1 / 3, "note": "text"},
    ]


def test_a_log_that_does_not_exist_is_empty(tmp_path):
    assert read_log(tmp_path / "log.jsonl") == []


def test_a_resumed_run_drops_the_lines_after_its_state(tmp_path):
    write(tmp_path, [2, 4, 6, 8])
    write(tmp_path, [6, 8, 10], step=5)
    assert steps_of(tmp_path) == [2, 4, 6, 8, 10]
    write(tmp_path, [], step=4)
    assert steps_of(tmp_path) == [2, 4]  # the line of the state's own step stays


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_last_line_that_a_kill_cut_off_is_left_out(tmp_path, cut):
    write(tmp_path, [2, 4, 6])
    path = tmp_path / "log.jsonl"
    path.write_text(path.read_text()[: -1 - cut])
    assert steps_of(tmp_path) == [2, 4]
    write(tmp_path, [6], step=4)
    assert steps_of(tmp_path) == [2, 4, 6]


def scalars(folder, name):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {event.step: event.value for event in events.Scalars(name)}


def let_a_second_begin():
    """TensorBoard reads files of events in the order of their names, which begin with seconds."""
    begun = int(time.time())
    while int(time.time()) == begun:
        time.sleep(0.02)


def test_tensorboard_shows_the_same_numbers_and_the_last_run_of_each_step(tmp_path):
    write(tmp_path, [2, 4, 8], tensorboard=True)
    assert scalars(tmp_path, "loss") == {2: 0.5, 4: 0.25, 8: 0.125}
    let_a_second_begin()
    write(tmp_path, [5, 8], step=4, tensorboard=True)
    assert scalars(tmp_path, "loss") == pytest.approx({2: 0.5, 4: 0.25, 5: 0.2, 8: 0.125})


def test_without_tensorboard_there_is_one_sentence_with_the_remedy(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if "tensorboard" in name:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtraError, match=r"tensorboard.*pip install 'scorelet\[train\]'"):
        RunLog(tmp_path, tensorboard=True)
    RunLog(tmp_path, tensorboard=False).close()
