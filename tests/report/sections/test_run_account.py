from mlip_compose.report.sections.run_account import account


def test_the_settings_of_a_potential_stand_once_with_all_its_units(results):
    trained = {t.potential: t for t in account(results).trained}
    assert trained["mace-small"].settings == (("cutoff", "4.0"), ("channels", "32"))
    assert len(trained["mace-small"].works) == 4
    assert trained["composition"].settings == ()
    assert "unseen_types" in trained["additive"].works[0].report


def test_other_settings_are_another_entry(results):
    units = tuple(
        u.model_copy(update={"settings": {"cutoff": 5.0}}) if u.task == "length" else u
        for u in results.units
    )
    trained = account(results.model_copy(update={"units": units})).trained
    assert [len(t.works) for t in trained if t.potential == "mace-small"] == [1, 3]


def test_costs_are_added_up(results):
    units = tuple(
        u.model_copy(update={"cost": u.cost | {"peak_memory_mb": 753.3}}) for u in results.units
    )
    found = account(results.model_copy(update={"units": units}))
    assert found.total == (
        "12 units of work: 4 min 12 s of wall time, 8 min 1 s of CPU time, at most 753 MB of "
        "memory in one of them, on cpu."
    )
    assert found.works[0].memory == "753 MB"
    assert account(results).works[0].memory == "–"


def test_settings_of_the_data_are_spelt_out_with_their_units(results):
    found = account(results)
    assert found.reference == (
        ("level of theory", "gfn2-xtb"),
        ("method", "GFN2-xTB"),
        ("accuracy", "0.1"),
    )
    assert found.sampling == (("temperature, K", "500"), ("friction per fs", "0.01"))


def test_software_and_machine_stand_apart(results):
    found = account(results)
    assert ("numpy", "2.1.0") in found.software
    assert ("platform", "Linux x86_64, 2 cores") in found.machine
    assert account(results.model_copy(update={"provenance": {}})).software == ()
