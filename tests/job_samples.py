"""Jobs of many files with a stand-in for the work: it copies text in capitals."""

from scorelet.core.files import atomic_path
from scorelet.tasks import journal as journals
from scorelet.tasks.jobs import run_tasks
from scorelet.tasks.planning import plan_tasks

NAMES = ("a.png", "b.png", "deep/c.png")


JOURNAL_NAME = journals.NAME.format(verb="test")


class Worker:
    """Writes the source in capitals, unless it is told to fail; remembers what it did."""

    def __init__(self, **errors):
        self.errors = errors
        self.done = []

    def __call__(self, task, publish):
        self.done.append(task.source.name)
        if task.source.stem in self.errors:
            raise self.errors[task.source.stem]
        text = task.source.read_text()
        report = {"letters": len(text), "share": 1 / 3}
        with atomic_path(task.target) as temporary:
            temporary.write_text(text.upper())
            publish(temporary, report)
        return report


def run(tasks, worker=None, **options):
    options = {"verb": "test", "settings": {"strength": 1}, **options}
    return list(run_tasks(tasks, worker or Worker(), **options))


def planned(path, *paths):
    """Plan one path in the working directory, or several."""
    return plan_tasks([path, *paths], None, suffix="_new")


def pairs(tasks):
    return [(str(task.source), str(task.target)) for task in tasks]
