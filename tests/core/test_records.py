"""Names of splits, which stand in ids, files and messages."""

import pytest

from mlip_compose.core.records import SplitKey


def test_a_split_is_written_and_read_in_one_way():
    key = SplitKey("length", 2, 0)
    assert str(key) == "length_L2_s0"
    assert key.words == "length, level 2, seed 0"
    assert key.file_name("my model_2/a") == "length_L2_my-model-2-a_s0"
    for name in ("length_L2_s0", "my_L3_task_L1_s12", "whole_L-1_s7"):
        assert str(SplitKey.parse(name)) == name


@pytest.mark.parametrize("text", ["", "length", "length_L2", "_L2_s0", "length_L2_s-1", "a_Lx_s0"])
def test_what_names_no_split_is_refused(text):
    with pytest.raises(ValueError, match="expected a split such as length_L2_s0"):
        SplitKey.parse(text)


def test_splits_are_ordered_and_tell_dictionaries_apart():
    keys = [SplitKey("length", 10, 0), SplitKey("length", 2, 1), SplitKey("crossing", 3, 0)]
    assert [str(key) for key in sorted(keys)] == ["crossing_L3_s0", "length_L2_s1", "length_L10_s0"]
    assert {SplitKey("length", 2, 1): 1}[keys[1]] == 1
