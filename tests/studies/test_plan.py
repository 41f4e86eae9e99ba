"""What a study trains, and how often."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from engines import InThisProcess

from mlip_compose.core.errors import RequestError, StudyError
from mlip_compose.core.records import Failure
from mlip_compose.potentials.entry import Entry
from mlip_compose.store.reader import Store
from mlip_compose.studies.opening import check_potentials
from mlip_compose.studies.plan import plan
from mlip_compose.studies.study import Study
from mlip_compose.tasks.ceiling import halves

NAMES = (
    *(f"{group}-{n}-H" for group in ("OH", "F", "SH", "NH2") for n in range(1, 9)),
    *(f"F-{n}-OH" for n in (2, 4, 6)),
)


@pytest.fixture
def store(toy_store):
    return Store(toy_store(NAMES))


def trainings(store, **keys):
    given = {"potentials": ["composition", "additive"], "levels": (1, 2, 3), "train_frames": 30}
    study = Study.model_validate({"name": "s", "allow_missing": True, **given, **keys})
    study.check()
    return plan(study, store)


def test_each_training_serves_every_level_that_has_its_frames(store):
    all_trainings = trainings(store)
    served = Counter()
    for training in all_trainings:
        served[training.task, len(training.targets)] += 1
        assert len({target.id for target in training.targets}) == len(training.targets)
    # two potentials each: three levels that share one training, or one training a level
    assert served["crossing", 3] == served["recombination", 3] == 2
    assert served["length", 1] == served["transfer", 1] == 6
    assert sum(served.values()) == len(all_trainings) == 2 + 2 + 6 + 6


def test_no_training_is_done_twice(store):
    for ceiling in (False, True):
        all_trainings = trainings(store, ceiling=ceiling, seeds=(0, 1))
        made_of = [
            json.dumps([t.task, t.entry.shown, t.seed, t.identity["train"], t.ceiling])
            for t in all_trainings
        ]
        assert len(set(made_of)) == len(made_of)
        assert len({training.id for training in all_trainings}) == len(all_trainings)
        targets = [target.id for training in all_trainings for target in training.targets]
        assert len(set(targets)) == len(targets)
        assert len(targets) == 4 * 3 * 2 * 2 * (2 if ceiling else 1)


def test_a_ceiling_stands_beside_each_target(store):
    all_trainings = trainings(store, ceiling=True)
    ordinary = {t.id: (training, t) for training in all_trainings for t in training.targets}
    ceilings = [(training, t) for training, t in ordinary.values() if t.ceiling_of]
    assert {t.ceiling_of for _, t in ceilings} == {k for k, (_, t) in ordinary.items()} - {
        t.id for _, t in ceilings
    }
    for training, target in ceilings:
        assert training.ceiling
        assert training.identity["ceiling"] is True
        assert "_ceiling_" in training.id
        base, other = ordinary[target.ceiling_of]
        assert not base.ceiling
        assert (base.task, base.entry, base.seed) == (training.task, training.entry, training.seed)
        assert other.split is target.split
        assert training.n_train == base.n_train == 30
        for name in target.selection.ood:
            assert name in target.split.ood
            assert set(training.train[name].tolist()) <= set(halves(4)[0].tolist())


def test_ceilings_leave_ordinary_trainings_as_they_are(store):
    alone = {training.id for training in trainings(store)}
    among = {training.id for training in trainings(store, ceiling=True) if not training.ceiling}
    assert alone == among


def test_all_frames_are_a_budget_too(store):
    for training in trainings(store, ceiling=True, train_frames=None, tasks=("length",)):
        level = training.targets[0].level
        assert training.n_train == 4 * 4 * 2 * level  # frames, groups, chain lengths


def test_a_potential_may_have_levels_seeds_and_a_ceiling_of_its_own(store):
    all_trainings = trainings(
        store,
        tasks=["length"],
        levels=(2,),
        potentials=[
            "composition",
            {"potential": "additive", "levels": [1, 2], "seeds": [0, 3], "ceiling": True},
        ],
    )
    made = Counter(
        (training.entry.shown, target.level, training.seed, training.ceiling)
        for training in all_trainings
        for target in training.targets
    )
    assert made == Counter(
        [
            ("composition", 2, 0, False),
            *(
                ("additive", level, seed, ceiling)
                for level in (1, 2)
                for seed in (0, 3)
                for ceiling in (False, True)
            ),
        ]
    )


def test_a_level_and_a_seed_that_no_potential_has_together_are_no_split(store):
    potentials = [
        {"potential": "composition", "levels": [1], "seeds": [0]},
        {"potential": "additive", "levels": [2], "seeds": [3]},
    ]
    made = trainings(store, tasks=["length"], potentials=potentials)
    assert {(t.level, one.seed) for one in made for t in one.targets} == {(1, 0), (2, 3)}


def test_a_potential_whose_worker_dies_is_refused():
    entry = Entry(potential="calculator", settings={"function": "toy_calculators:Pairs"})
    died = InThisProcess(lambda item: Failure("worker", str(item), "a worker process died"))
    with pytest.raises(RequestError, match="a worker in which calculator can be made; found a wor"):
        check_potentials([entry], died)


def test_ceilings_may_be_asked_for_at_some_levels(store):
    all_trainings = trainings(
        store, tasks=["length"], potentials=[{"potential": "additive", "ceiling": [2]}]
    )
    ceilings = {
        target.level
        for training in all_trainings
        if training.ceiling
        for target in training.targets
    }
    assert ceilings == {2}
    assert {target.level for training in all_trainings for target in training.targets} == {1, 2, 3}


def test_what_a_potential_takes_in_place_of_the_studys_changes_no_training(store):
    """A study may be widened: what was done stays done."""
    narrow = trainings(store, levels=(1, 2))
    wide = trainings(
        store, levels=(1,), potentials=["composition", {"potential": "additive", "levels": (1, 2)}]
    )
    assert {training.id for training in wide} <= {training.id for training in narrow}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": [4]}, "level"),
        ({"levels": [1, 1]}, "levels of additive"),
        ({"seeds": [0, 0]}, "seeds of additive"),
        ({"ceiling": [1, 3]}, "ceilings of additive at its levels .2.; found level 1, 3"),
    ],
)
def test_levels_and_seeds_of_a_potential_are_checked(changes, message):
    study = Study.model_validate(
        {"name": "s", "potentials": [{"potential": "additive", **changes}]}
    )
    with pytest.raises(RequestError, match=message):
        study.check()


def test_ids_are_made_of_their_parts(store):
    all_trainings = trainings(
        store, tasks=["length"], levels=(2,), potentials=["additive"], ceiling=True
    )
    ordinary, ceiling = (
        replace(training, task="my_task", entry=Entry(potential="additive", label="a b_c"))
        for training in all_trainings
    )
    assert ordinary.id == f"my_task_a-b-c_s0_{ordinary.digest}"
    assert ordinary.target_id(2) == f"my_task_L2_a-b-c_s0_{ordinary.digest}"
    assert ceiling.id == f"my_task_a-b-c_s0_ceiling_{ceiling.digest}"
    assert ceiling.target_id(2) == f"my_task_L2_a-b-c_s0_ceiling_{ceiling.digest}"


def test_every_repetition_is_named():
    for changes, message in (
        ({"tasks": ["length", "length"]}, "tasks that are named once; found length twice"),
        ({"levels": [2, 2]}, "levels that are named once; found 2 twice"),
        ({"seeds": [0, 1, 0]}, "seeds that are named once; found 0 twice"),
        ({"potentials": ["additive", "additive"]}, "additive twice. Give each a label"),
        ({"predictions": ["a.h5", "a.h5"]}, "predictions that are named once; found a.h5 twice"),
    ):
        study = Study.model_validate({"name": "s", "potentials": ["additive"], **changes})
        with pytest.raises(StudyError, match=message):
            study.check()
