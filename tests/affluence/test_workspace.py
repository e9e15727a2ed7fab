"""Which table a run works on and what it needs, from what was typed."""

import pytest

from affluence import workspace
from affluence.errors import UserError


def test_a_file_a_folder_and_an_address_are_tables_and_need_a_contract(tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "contract_path", lambda name: tmp_path / name)
    (tmp_path / "parts").mkdir()
    (tmp_path / "table.csv").touch()
    for data in (str(tmp_path / "parts"), str(tmp_path / "table.csv"), "s3a://bank/customers"):
        chosen = workspace.choose_table(data, "mine")
        assert chosen == {"contract": str(tmp_path / "mine"), "data": data}
        with pytest.raises(UserError, match="no contract says"):
            workspace.choose_table(data, None)


def test_a_path_where_nothing_is_gets_one_sentence(tmp_path):
    with pytest.raises(UserError, match="There is no file"):
        workspace.choose_table(str(tmp_path / "nothing.csv"), None)


def test_a_run_on_spark_without_pyspark_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(workspace, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="make run ENGINE=spark"):
        workspace.require_engine("spark")
    workspace.require_engine("local")
    workspace.require_engine(None)
