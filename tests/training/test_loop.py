"""The loop: exact resume, hooks, clipping, and runs that go wrong."""

import json
import math

import pytest
import torch

from scorelet.core.errors import CheckpointError, InputError, ScoreletError
from scorelet.core.files import atomic_path
from scorelet.training import Best, Loss, denoising_loss, loop, rate_factor, read_log
from training.small_runs import Blobs, config, state, trainer


def finish(runner):
    return list(runner.run())


def stop_after(runner, steps):
    for progress in runner.run():
        if progress.step == steps:
            return


def assert_same_state(folder, other):
    ours, theirs = state(folder), state(other)
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    assert not different


@pytest.mark.slow
@pytest.mark.parametrize("network", ["bf-cnn", "shuffle-unet"])
@pytest.mark.parametrize("precision", ["no", "bf16"])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_an_interrupted_run_ends_as_an_undisturbed_one(tmp_path, network, precision, optimizer):
    """Bit for bit: weights, running statistics, averages, moments; and the log."""
    options = {"precision": precision, "optimizer": {"name": optimizer, "weight_decay": 0.1}}
    finish(trainer(config(tmp_path / "a", **options), network=network))
    settings = config(tmp_path / "b", **options)
    stop_after(trainer(settings, network=network), 7)  # the state is that of step 4
    resumed = trainer(settings, network=network, seed=5, resume=True)
    assert resumed.step == 4
    assert [progress.step for progress in resumed.run()] == [5, 6, 7, 8, 9]
    assert_same_state(tmp_path / "a", tmp_path / "b")
    logs = [read_log(tmp_path / name / "log.jsonl") for name in "ab"]
    exact = [
        [{name: line[name] for name in ("step", "loss", "gradient_norm", "rate")} for line in log]
        for log in logs
    ]
    assert exact[0] == exact[1]
    assert [line["step"] for line in logs[0]] == [2, 4, 6, 8, 9]


@pytest.mark.slow
@pytest.mark.parametrize(("every", "saved"), [(3, 4), (4, 3), (5, 2)])
def test_the_log_goes_on_where_a_save_fell_between_two_lines(tmp_path, every, saved):
    options = {"log_every": every, "save_every": saved}
    finish(trainer(config(tmp_path / "a", **options)))
    stop_after(trainer(config(tmp_path / "b", **options)), 7)
    finish(trainer(config(tmp_path / "b", **options), resume=True))
    logs = [read_log(tmp_path / name / "log.jsonl") for name in "ab"]
    assert [(line["step"], line["loss"]) for line in logs[0]] == [
        (line["step"], line["loss"]) for line in logs[1]
    ]


@pytest.mark.parametrize("change", [{"seed": 9}, {"batch": 2}, {"optimizer": {"clip": None}}])
def test_a_run_is_not_resumed_with_other_settings(tmp_path, change):
    stop_after(trainer(config(tmp_path)), 5)
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(
        InputError,
        match=r"was started with (seed 0, not 9|batch 4, not 2|optimizer.clip 1.0, not None):",
    ):
        trainer(config(tmp_path, **change), resume=True)
    assert (tmp_path / "state.safetensors").read_bytes() == before
    assert trainer(config(tmp_path, steps=12, log_every=1), resume=True).step == 4


@pytest.mark.slow
def test_the_run_does_learn_and_its_configuration_matters(tmp_path):
    losses = {}
    for name, options in {
        "plain": {},
        "bf16": {"precision": "bf16"},
        "seed": {"seed": 1},
        "muon": {"optimizer": {"name": "muon"}},
    }.items():
        settings = config(tmp_path / name, steps=60, log_every=20, save_every=60, **options)
        finish(trainer(settings, network="shuffle-unet"))
        losses[name] = [line["loss"] for line in read_log(tmp_path / name / "log.jsonl")]
        assert losses[name][-1] < 0.7 * losses[name][0]
        assert {t.dtype for t in state(tmp_path / name).values() if t.is_floating_point()} == {
            torch.float32
        }
    assert losses["seed"] == losses["plain"]  # this objective and these data draw no numbers
    assert losses["bf16"] != losses["plain"]
    assert losses["bf16"] == pytest.approx(losses["plain"], rel=0.02)  # products have 8 bits
    assert losses["muon"] != losses["plain"]


@pytest.mark.slow
def test_a_run_that_dies_while_it_saves_does_that_step_again(tmp_path):
    """Validation and export come before the state, so none of them is ever left out."""
    deaths, exported = [8], []

    def export(learner, path):
        assert path == tmp_path / "b" / "weights.safetensors"
        step = runner.step
        if step in deaths:
            deaths.remove(step)
            raise KeyboardInterrupt
        exported.append(step)

    def validate(step, learner):
        return {"quality": float(step)}

    settings = config(tmp_path / "b", validate_every=4)
    runner = trainer(settings, validate=validate, export=export)
    with pytest.raises(KeyboardInterrupt):
        finish(runner)
    runner = trainer(settings, validate=validate, export=export, resume=True)
    finish(runner)
    finish(trainer(config(tmp_path / "a", validate_every=4)))
    assert_same_state(tmp_path / "a", tmp_path / "b")
    assert exported == [4, 4, 8, 9]  # those of the state once more when it goes on
    lines = read_log(tmp_path / "b" / "log.jsonl")
    assert [line["step"] for line in lines if "quality" in line] == [4, 8, 9]


@pytest.mark.slow
def test_the_random_numbers_of_a_step_are_a_function_of_seed_and_step(tmp_path):
    drawn = {}

    def run(folder, seed, resume=False):
        runner = trainer(config(tmp_path / folder, seed=seed), resume=resume)
        plain = runner.plain.objective

        def objective(model, batch, noise):
            numbers = noise.uniform(batch["sigma"]).tolist()
            drawn.setdefault((folder, runner.step), set()).update(numbers)
            return plain(model, batch, noise)

        runner.plain.objective = objective
        stop_after(runner, 9 if resume else 6)

    run("a", 0)
    run("a", 0, resume=True)  # draws the numbers of steps 5 and 6 again
    run("b", 1)
    assert all(len(numbers) == 4 for numbers in drawn.values())  # one for each sample
    assert len(set.union(*drawn.values())) == 4 * (9 + 6)


def test_a_first_save_that_fails_leaves_the_folder_free(tmp_path, monkeypatch):
    """As where the disk is full: weights without a state would be in the way."""

    def full(*_, **__):
        raise CheckpointError("No space left on device")

    def export(learner, path):
        path.write_text("weights")

    monkeypatch.setattr(loop, "save_state", full)
    with pytest.raises(CheckpointError, match="No space"):
        finish(trainer(config(tmp_path), export=export))
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    finish(trainer(config(tmp_path)))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert finish(trainer(config(tmp_path), resume=True)) == []
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_resume_without_a_state_starts_at_the_beginning(tmp_path):
    finish(trainer(config(tmp_path / "a")))
    stop_after(trainer(config(tmp_path / "b")), 3)
    finish(trainer(config(tmp_path / "b"), resume=True))
    assert_same_state(tmp_path / "a", tmp_path / "b")


def test_a_folder_in_use_is_one_sentence_and_stays_as_it_is(tmp_path):
    stop_after(trainer(config(tmp_path)), 5)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"holds a run already: add --resume .* folder\.$"):
        trainer(config(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_loss_that_is_no_number_stops_the_run_before_it_spoils_anything(tmp_path, optimizer):
    settings = config(tmp_path, save_every=2, log_every=9, optimizer={"name": optimizer})
    data = Blobs(bad=4 * 4 + 2)  # in the fifth batch
    with pytest.raises(ScoreletError, match=r"^In step 5 the loss is nan .* last saved state\.$"):
        finish(trainer(settings, data=data))
    kept = state(tmp_path)
    assert all(bool(tensor.isfinite().all()) for tensor in kept.values())
    healthy = trainer(settings, resume=True)
    assert healthy.step == 4
    assert finish(healthy)[-1].step == 9


def test_a_run_that_diverges_has_the_weights_of_two_saves(tmp_path):
    """Those of the last may be of a step that has spoilt them, which the next one shows."""

    def export(learner, path):
        path.write_text(f"weights of step {runner.step}")

    settings = config(tmp_path, save_every=2)
    runner = trainer(settings, data=Blobs(bad=4 * 4 + 2), export=export)  # in the fifth batch
    with pytest.raises(ScoreletError, match=rf", or from {tmp_path}/before\.safetensors, saved ea"):
        finish(runner)
    assert (tmp_path / "before.safetensors").read_text() == "weights of step 2"
    assert (tmp_path / "weights.safetensors").read_text() == "weights of step 4"
    runner = trainer(settings, export=export, resume=True)
    finish(runner)
    assert not (tmp_path / "before.safetensors").exists()
    assert (tmp_path / "weights.safetensors").read_text() == "weights of step 9"


def test_the_weights_before_are_those_of_the_same_run(tmp_path):
    (tmp_path / "before.safetensors").write_text("of a run whose state and weights were removed")
    settings = config(tmp_path, save_every=2)
    with pytest.raises(ScoreletError, match=r"last saved weights, or anew, if these have diverged"):
        finish(trainer(settings, data=Blobs(bad=4 * 2 + 2)))  # in the third batch


def test_the_weights_before_are_older_though_a_save_was_cut_short(tmp_path, monkeypatch):
    """Killed between weights and state, a run does the same save again."""

    def export(learner, path):
        path.write_text(f"weights of step {runner.step}")

    def killed(*_, **__):
        raise KeyboardInterrupt

    settings = config(tmp_path, save_every=2)
    runner = trainer(settings, export=export)
    for progress in runner.run():
        if progress.step == 3:
            monkeypatch.setattr(loop, "save_state", killed)
            break
    with pytest.raises(KeyboardInterrupt):
        runner.save()
    monkeypatch.undo()
    runner = trainer(settings, export=export, resume=True)
    stop_after(runner, 4)
    assert (tmp_path / "before.safetensors").read_text() == "weights of step 2"
    assert (tmp_path / "weights.safetensors").read_text() == "weights of step 4"


def test_where_no_state_was_saved_the_advice_is_to_begin_again(tmp_path):
    with pytest.raises(ScoreletError, match=r"begin again \(no state was saved\)\.$"):
        finish(trainer(config(tmp_path), data=Blobs(bad=4 * 2 + 1)))
    assert finish(trainer(config(tmp_path)))[-1].step == 9  # the folder is free


def test_other_steps_change_the_rate_and_are_said(tmp_path):
    """Of a rate that does not look at the last step nothing is said, nor of the same steps."""
    for shape, said in (("cosine", True), ("one-cycle", True), ("step", False)):
        changes = {"schedule": {"warmup": 3, "shape": shape}}
        stop_after(trainer(config(tmp_path / shape, **changes)), 5)
        assert trainer(config(tmp_path / shape, **changes), resume=True).notes == ()
        longer = trainer(config(tmp_path / shape, steps=12, **changes), resume=True)
        assert len(longer.notes) == said
    stop_after(trainer(config(tmp_path)), 9)
    (note,) = trainer(config(tmp_path, steps=12), resume=True).notes
    assert note.startswith(  # (1 + cos πu)/2 with u = 6/9 now, and 5/6 before
        "With 12 steps instead of 9 the rate goes on at 0.25 of its peak, after 0.067: "
    )


@pytest.mark.slow
def test_a_run_is_not_made_shorter_than_it_is(tmp_path):
    finish(trainer(config(tmp_path)))
    with pytest.raises(InputError, match=r" holds 9 steps, and the run is to have 5: raise steps"):
        trainer(config(tmp_path, steps=5), resume=True)
    assert finish(trainer(config(tmp_path, steps=10), resume=True))[-1].step == 10


def test_a_run_removes_what_a_killed_one_has_left_half_written(tmp_path):
    stop_after(trainer(config(tmp_path)), 5)
    target = tmp_path / "weights.safetensors"
    with atomic_path(target) as partial:
        partial.write_bytes(b"weights")
    partial.write_bytes(b"wei")  # as if it had been killed before the rename
    (tmp_path / ".tmpd5mVXN").write_bytes((tmp_path / "state.safetensors").read_bytes()[:-9])
    (tmp_path / ".tmp-notes").write_text("of somebody else")
    (tmp_path / ".tmpFolder").mkdir()
    (tmp_path / ".tmpNoFile").symlink_to(tmp_path / ".tmpFolder" / "none")
    finish(trainer(config(tmp_path), resume=True))
    hidden = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    # six letters, too, but not what safetensors writes
    assert sorted(hidden) == [".tmp-notes", ".tmpFolder", ".tmpNoFile"]


def test_a_gradient_that_is_no_number_stops_the_run_too(tmp_path):
    """The square root of zero is finite, its slope is not."""
    runner = trainer(config(tmp_path))
    plain = runner.plain.objective

    def objective(model, batch, noise):
        loss = plain(model, batch, noise)
        return loss._replace(value=loss.value + (0 * model(batch["noisy"])).abs().sum().sqrt())

    runner.plain.objective = objective
    with pytest.raises(ScoreletError, match=r"^In step 1 .* gradient has norm (nan|inf)"):
        finish(runner)


def test_hooks_get_the_average_of_the_weights_at_their_steps(tmp_path):
    """m ← d_n m + (1 - d_n) w of the weights after each step; running deviations alike."""
    seen, expected = {}, None

    def hook(name):
        def call(*arguments):
            learner = next(a for a in arguments if isinstance(a, torch.nn.Module))
            assert not learner.training
            seen[name, runner.step] = {key: t.clone() for key, t in learner.state_dict().items()}
            return {f"{name} done": 1.0}

        return call

    runner = trainer(
        config(tmp_path, optimizer={"ema": 0.3}), validate=hook("validate"), export=hook("export")
    )
    averages = {}
    for n, progress in enumerate(runner.run()):
        weights = {key: t.clone() for key, t in runner.plain.state_dict().items()}
        decay = min(0.3, (1 + n) / (10 + n))
        expected = expected or weights
        expected = {key: decay * expected[key] + (1 - decay) * w for key, w in weights.items()}
        averages[progress.step] = expected
    assert [key for key in seen if key[0] == "validate"] == [("validate", k) for k in (3, 6, 9)]
    assert [key for key in seen if key[0] == "export"] == [("export", k) for k in (4, 8, 9)]
    for (_, step), values in seen.items():
        for key, value in values.items():
            # a few roundings of float32, relative to the largest weight
            bound = 1e-6 * float(averages[step][key].abs().max())
            torch.testing.assert_close(value, averages[step][key], rtol=0, atol=bound)
    lines = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines if "validate done" in line] == [3, 6, 9]


def test_the_gradient_is_cut_to_the_largest_norm_and_keeps_its_direction(tmp_path):
    """After one step AdamW's first moment is a tenth of the gradient that it got."""
    moments = {}
    for name, clip in (("free", 1e6), ("cut", 0.01)):
        settings = config(tmp_path / name, steps=1, optimizer={"clip": clip})
        finish(trainer(settings))
        values = [t for k, t in state(tmp_path / name).items() if k.endswith("exp_avg")]
        moments[name] = torch.cat([t.flatten() for t in values]).double()
        (line,) = read_log(tmp_path / name / "log.jsonl")
        # the log shows the norm before the cut
        assert line["gradient_norm"] == pytest.approx(10 * float(moments["free"].norm()), rel=1e-5)
    assert 10 * float(moments["free"].norm()) > 0.02
    assert 10 * float(moments["cut"].norm()) == pytest.approx(0.01, rel=1e-3)  # norm + 1e-6
    cosine = torch.dot(moments["free"], moments["cut"]) / (
        moments["free"].norm() * moments["cut"].norm()
    )
    assert float(cosine) == pytest.approx(1, abs=1e-6)


def test_the_rate_follows_the_schedule_for_every_group(tmp_path):
    settings = config(
        tmp_path,
        optimizer={"name": "muon", "rate": 1e-3, "matrix_rate": 0.02},
        schedule={"warmup": 3, "shape": "linear"},
    )
    runner = trainer(settings)
    for progress in runner.run():
        factor = rate_factor(progress.step - 1, 9, settings.schedule)
        rates = [group["lr"] for o in runner.optimizers for group in o.param_groups]
        assert rates == [0.02 * factor, 1e-3 * factor, 1e-3 * factor]  # gains are a group


@pytest.mark.slow
def test_progress_and_log_hold_the_mean_loss_since_the_last_line(tmp_path):
    each = [p.loss for p in finish(trainer(config(tmp_path / "each", log_every=1)))]
    several = [p.loss for p in finish(trainer(config(tmp_path / "several", log_every=4)))]
    assert [k + 1 for k, loss in enumerate(several) if loss is not None] == [4, 8, 9]
    for first, last in ((0, 4), (4, 8), (8, 9)):
        assert several[last - 1] == pytest.approx(math.fsum(each[first:last]) / (last - first))
    lines = read_log(tmp_path / "several" / "log.jsonl")
    assert [line["loss"] for line in lines] == [loss for loss in several if loss is not None]


def test_the_log_is_json_lines(tmp_path):
    finish(trainer(config(tmp_path)))
    lines = [json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 9]
    assert all(line["samples_per_second"] > 0 for line in lines)


@pytest.mark.slow
def test_terms_of_the_loss_are_logged_as_means_since_the_last_line(tmp_path):
    each = finish_with_terms(tmp_path / "each", 1)
    several = finish_with_terms(tmp_path / "several", 4)
    for line, (first, last) in zip(several, ((0, 4), (4, 8), (8, 9)), strict=True):
        expected = math.fsum(e["loss/mse"] for e in each[first:last]) / (last - first)
        assert line["loss/mse"] == pytest.approx(expected, rel=1e-6)
        assert line["loss/twice"] == pytest.approx(2 * expected, rel=1e-6)


def finish_with_terms(folder, every):
    runner = trainer(config(folder, log_every=every))
    plain = runner.plain.objective

    def objective(model, batch, noise):
        loss = plain(model, batch, noise)
        return Loss(loss.value, loss.terms | {"twice": 2 * loss.terms["mse"]})

    runner.plain.objective = objective
    finish(runner)
    return read_log(folder / "log.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "muon"])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(tmp_path, optimizer):
    """This network does not look at its batch, so the parts differ in the order of sums only.

    The noise is drawn by the loss, so it must be the same for a sample in every part.
    """

    def objective(model, batch, noise):
        noisy = batch["clean"] + 0.1 * noise.normal(batch["clean"])
        return denoising_loss(model(noisy), batch["clean"], batch["sigma"])

    moments = {}
    for parts in (1, 2, 4):
        folder = tmp_path / str(parts)
        settings = config(
            folder, accumulate=parts, steps=1, optimizer={"name": optimizer, "clip": None}
        )
        runner = trainer(settings, network="shuffle-unet")
        runner.plain.objective = objective
        finish(runner)
        names = sorted(n for n in state(folder) if "momentum" in n or "exp_avg" in n)
        moments[parts] = torch.cat([state(folder)[n].flatten().double() for n in names])
        (line,) = read_log(folder / "log.jsonl")
        moments[parts, "loss"] = line["loss"]
    for parts in (2, 4):
        error = (moments[parts] - moments[1]).norm() / moments[1].norm()
        assert float(error) < 1e-6
        assert moments[parts, "loss"] == pytest.approx(moments[1, "loss"], rel=1e-6)


@pytest.mark.slow
def test_an_accumulating_run_is_resumed_exactly(tmp_path):
    options = {"accumulate": 2, "optimizer": {"name": "sgd", "rate": 1e-2}}
    finish(trainer(config(tmp_path / "a", **options)))
    stop_after(trainer(config(tmp_path / "b", **options)), 7)
    finish(trainer(config(tmp_path / "b", **options), resume=True))
    assert_same_state(tmp_path / "a", tmp_path / "b")


def test_a_batch_that_has_no_such_parts_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"^A batch of 4 cannot be shared by 3 parts: .* of 3\.$"):
        trainer(config(tmp_path, accumulate=3))


def test_the_hook_after_a_step_projects_the_weights_before_they_are_averaged(tmp_path):
    """With an average that forgets at once, what is exported lies on the constraint, too."""
    exported = []

    steps = []

    def unit(step, learner):
        assert not torch.is_grad_enabled()
        steps.append(step)
        for p in learner.parameters():
            p.div_(p.norm())

    def export(learner, _path):
        exported.extend(float(p.detach().norm()) for p in learner.parameters())

    settings = config(tmp_path, optimizer={"ema": 0.0}, steps=4)
    runner = trainer(settings, network="shuffle-unet", after_step=unit, export=export)
    finish(runner)
    assert [float(p.norm().detach()) for p in runner.plain.parameters()] == pytest.approx([1] * 13)
    assert exported == pytest.approx([1] * 13)
    assert steps == [1, 2, 3, 4]


QUALITY = {3: 0.2, 6: 0.7, 9: 0.5}


@pytest.mark.slow
@pytest.mark.parametrize(("larger", "chosen"), [(True, [3, 6]), (False, [3])])
@pytest.mark.parametrize("interrupted", [False, True])
def test_best_weights_are_those_of_the_best_validation(tmp_path, larger, chosen, interrupted):
    written, steps = {}, []

    def export(learner, path):
        if path.name == "best.safetensors":
            steps.append(runner.step)
        written[path.name] = {n: t.clone() for n, t in learner.state_dict().items()}

    def validate(step, _learner):
        seen[step] = {n: t.clone() for n, t in _learner.state_dict().items()}
        return {"quality": QUALITY[step], "other": 1.0}

    seen = {}
    options = {"validate": validate, "best": Best("quality", larger=larger), "export": export}
    runner = trainer(config(tmp_path), **options)
    if interrupted:
        stop_after(runner, 7)
        assert steps == chosen
        runner = trainer(config(tmp_path), resume=True, **options)  # from step 4
    finish(runner)
    assert steps == (chosen + [s for s in chosen if s > 4] if interrupted else chosen)
    best = written["best.safetensors"]
    assert all(torch.equal(best[name], t) for name, t in seen[chosen[-1]].items())
    assert (runner.best.step, runner.best.value) == (chosen[-1], QUALITY[chosen[-1]])


@pytest.mark.slow
def test_a_figure_that_is_no_number_is_never_the_best(tmp_path):
    figures = iter([math.nan, 0.1, math.inf])
    runner = trainer(config(tmp_path), validate=lambda *_: {"q": next(figures)}, best=Best("q"))
    finish(runner)
    assert (runner.best.step, runner.best.value) == (6, 0.1)


def test_a_figure_that_validation_lacks_is_one_sentence(tmp_path):
    runner = trainer(config(tmp_path), validate=lambda *_: {"a": 1.0}, best=Best("b"))
    with pytest.raises(InputError, match=r"^Validation has no figure 'b': it returned a\.$"):
        finish(runner)


@pytest.mark.slow
def test_the_time_that_is_left_is_known_after_ten_steps(tmp_path):
    runner = trainer(config(tmp_path, steps=14))
    seen = [progress.seconds_left for progress in runner.run()]
    assert seen[:9] == [None] * 9
    assert all(left is not None and left >= 0 for left in seen[9:])
    assert seen[-1] == 0


@pytest.mark.slow
def test_a_run_that_would_take_too_long_stops_early_and_says_what_fits(tmp_path):
    runner = trainer(config(tmp_path, steps=10**7, minutes=1, save_every=10**6))
    with pytest.raises(ScoreletError, match=r"^The 9999990 steps .* allows 1 minutes: about \d+ "):
        finish(runner)
    assert runner.step == 10
    finish(trainer(config(tmp_path / "short", steps=12, minutes=1)))
