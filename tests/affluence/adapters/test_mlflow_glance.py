"""What is seen of an MLflow store without MLflow: every change of a version or an alias, and nothing else."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from mlflow import MlflowClient

from affluence.adapters.mlflow_glance import glance
from affluence.errors import UserError


@pytest.fixture
def store(tmp_path):
    """A store with one registered model, empty but for its first version."""
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.create_registered_model("affluence-made")
    client.create_model_version("affluence-made", source="file:///nowhere")
    return tmp_path, client


def test_a_version_and_an_alias_are_seen_and_a_run_is_not(store):
    folder, client = store
    seen = [glance(folder, server=None)]
    client.create_run(client.create_experiment("other"))
    assert glance(folder, server=None) == seen[0]
    client.create_model_version("affluence-made", source="file:///nowhere")
    seen.append(glance(folder, server=None))
    client.set_registered_model_alias("affluence-made", "champion", "1")
    seen.append(glance(folder, server=None))
    client.set_registered_model_alias("affluence-made", "champion", "2")
    seen.append(glance(folder, server=None))
    assert len(set(seen)) == 4


def test_a_store_that_is_not_there_yet_holds_nothing_and_is_not_made(tmp_path):
    empty = glance(tmp_path, server=None)
    assert not list(tmp_path.iterdir())
    (tmp_path / "mlflow.db").touch()
    assert glance(tmp_path, server=None) == empty


def test_mlflow_is_not_imported_for_it(store):
    folder, _ = store
    code = (
        "import sys; from pathlib import Path; from affluence.adapters.mlflow_glance import glance; "
        f"glance(Path({str(folder)!r}), server=None); print('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture
def server():
    """A server that answers as MLflow's does, with what the test puts into `models`."""
    models: list[dict[str, object]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"registered_models": models}).encode()
            self.send_response(200 if self.path.startswith("/api/2.0/mlflow/registered-models/search") else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told):
            """Say nothing."""

    listening = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", models
    listening.shutdown()
    listening.server_close()


def test_a_servers_versions_and_aliases_are_seen(server, tmp_path):
    address, models = server
    seen = [glance(tmp_path, server=address)]
    models.append({"name": "affluence-made", "latest_versions": [{"version": "1"}]})
    seen.append(glance(tmp_path, server=address))
    models[0]["aliases"] = [{"alias": "champion", "version": "1"}]
    seen.append(glance(tmp_path, server=address))
    assert len(set(seen)) == 3


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "ftp://somewhere", "databricks"])
def test_a_server_that_does_not_answer_is_told_in_a_sentence(address, tmp_path):
    with pytest.raises(UserError, match=r"does not answer|give a server's address"):
        glance(tmp_path, server=address)
