import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from breakhis_core.errors import InputError
from breakhis_core.settings import PROJECT, Settings
from breakhis_core.storage import database, migration, tables
from breakhis_core.workspace import Workspace


def test_the_environment_says_where_things_are(monkeypatch, tmp_path):
    for name in ("BREAKHIS_WORKSPACE", "BREAKHIS_MODELS", "BREAKHIS_DATA", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert Settings() == Settings(
        workspace=PROJECT / "workspace", models=PROJECT / "models", data=None, database_url=None
    )
    monkeypatch.setenv("BREAKHIS_WORKSPACE", str(tmp_path / "w"))
    monkeypatch.setenv("BREAKHIS_DATA", "relative")
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().workspace == tmp_path / "w"
    assert Settings().data == Path.cwd() / "relative"
    assert Settings().database_url is None
    assert Settings(workspace=tmp_path / "mine").workspace == tmp_path / "mine"


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch):
    for name in ("BREAKHIS_WORKSPACE", "BREAKHIS_MODELS", "BREAKHIS_DATA", "DATABASE_URL"):
        monkeypatch.setenv(name, "")
    assert Settings() == Settings(
        workspace=PROJECT / "workspace", models=PROJECT / "models", data=None, database_url=None
    )
    assert Settings().workspace == PROJECT / "workspace"


def test_an_installed_package_keeps_its_things_in_the_present_folder(monkeypatch, tmp_path):
    for name in ("BREAKHIS_WORKSPACE", "BREAKHIS_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("breakhis_core.settings.PROJECT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert (Settings().workspace, Settings().models) == (tmp_path / "workspace", tmp_path / "models")
    monkeypatch.setenv("BREAKHIS_WORKSPACE", "")
    assert Settings().workspace == tmp_path / "workspace"


def test_another_process_gets_the_same_settings(settings, monkeypatch):
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_the_migrated_schema_is_the_one_that_the_program_uses(any_workspace):
    with any_workspace.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"version_table": migration.VERSION_TABLE})
        assert compare_metadata(found, tables.metadata) == []


def test_the_newest_revision_is_named_right():
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    assert scripts.get_current_head() == migration.HEAD


def test_sqlite_keeps_what_was_answered(workspace):
    with workspace.engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30000, "foreign_keys": 1}


def test_opening_twice_at_once_makes_one_workspace(settings):
    code = "from breakhis_core.workspace import Workspace; Workspace.open()"
    openers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    for opener in openers:
        _, errors = opener.communicate()
        assert opener.returncode == 0, errors.decode()


def test_opening_again_finds_everything(settings):
    first = Workspace.open(settings)
    with database.writing(first.engine, "test") as connection:
        connection.execute(text("INSERT INTO datasets VALUES (1, '/x', false, 'now')"))
    first.close()
    again = Workspace.open(settings)
    with again.engine.connect() as connection:
        assert connection.execute(text("SELECT root FROM datasets")).scalar() == "/x"
    again.close()


def age(workspace: Workspace, revision: str) -> None:
    """Take the workspace back to its first schema, the revision where older versions kept it."""
    with database.writing(workspace.engine, "test") as connection:
        connection.execute(text("DROP TABLE IF EXISTS choices"))
        connection.execute(text("ALTER TABLE review_events DROP COLUMN correction"))
        connection.execute(text("DROP TABLE breakhis_version"))
        connection.execute(
            text(
                "CREATE TABLE alembic_version "
                "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def revisions(workspace: Workspace) -> dict[str, str]:
    with workspace.engine.connect() as connection:
        return {
            table: connection.execute(text(f"SELECT version_num FROM {table}")).scalar_one()
            for table in ("alembic_version", "breakhis_version")
            if inspect(connection).has_table(table)
        }


def test_an_older_workspace_keeps_its_content_and_leaves_alembics_table_to_optuna(any_workspace):
    with database.writing(any_workspace.engine, "test") as connection:
        connection.execute(text("INSERT INTO datasets VALUES (1, '/x', false, 'now')"))
    age(any_workspace, "0001")
    again = Workspace.open(any_workspace.settings)
    assert revisions(again) == {"breakhis_version": migration.HEAD}
    with again.engine.connect() as connection:
        assert connection.execute(text("SELECT root FROM datasets")).scalar() == "/x"
        names = inspect(connection).get_table_names()
    assert "alembic_version" not in names
    again.close()


def test_an_older_workspace_opened_twice_at_once_moves_once(settings):
    workspace = Workspace.open(settings)
    age(workspace, "0001")
    code = "from breakhis_core.workspace import Workspace; Workspace.open()"
    openers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    for opener in openers:
        _, errors = opener.communicate()
        assert opener.returncode == 0, errors.decode()
    assert revisions(workspace) == {"breakhis_version": migration.HEAD}
    workspace.close()


def test_an_older_workspace_of_a_revision_that_is_not_known_stays_as_it_was(any_workspace):
    age(any_workspace, "9999")
    with pytest.raises(InputError, match="another version of the program"):
        Workspace.open(any_workspace.settings)
    assert revisions(any_workspace) == {"alembic_version": "9999"}


def test_optunas_revision_is_left_alone(any_workspace):
    age(any_workspace, "v3.2.0.a")
    for table in reversed(tables.metadata.sorted_tables):
        table.drop(any_workspace.engine, checkfirst=True)
    again = Workspace.open(any_workspace.settings)
    assert revisions(again) == {"alembic_version": "v3.2.0.a", "breakhis_version": migration.HEAD}
    again.close()


def test_a_workspace_of_a_newer_version_is_refused(settings):
    workspace = Workspace.open(settings)
    with database.writing(workspace.engine, "test") as connection:
        connection.execute(text("UPDATE breakhis_version SET version_num = '9999'"))
    workspace.close()
    with pytest.raises(InputError, match="another version of the program"):
        Workspace.open(settings)


def test_a_file_that_is_no_database_is_refused(settings):
    settings.workspace.mkdir()
    (settings.workspace / "breakhis.db").write_text("not a database, but long enough to look at" * 50)
    with pytest.raises(InputError, match="cannot be opened"):
        Workspace.open(settings)


def test_a_folder_that_cannot_be_made_is_named(settings):
    settings.workspace.parent.mkdir(exist_ok=True)
    settings.workspace.write_text("a file")
    with pytest.raises(InputError, match="cannot be made"):
        Workspace.open(settings)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://host/db", "names mysql"),
        ("no address", "is not an address"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "cannot be opened"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(settings, url, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        Workspace.open(settings.model_copy(update={"database_url": url}))
    assert "secret" not in str(refused.value)


def test_nothing_heavy_is_imported_with_the_data_layer():
    code = (
        "import sys; from breakhis_core import jobs, reviews, runs; "
        "from breakhis_core.images import thumbnails; "
        "from breakhis_core.flags import csv_json, importing; from breakhis_core.runs import queues; "
        "print(sorted({'tensorflow', 'keras', 'streamlit', 'alembic', 'sklearn'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
