"""The manifests of OpenShift: they render, fit the schemas, are hardened, and name only what the code knows."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from django.urls import Resolver404, get_resolver
from opentelemetry.sdk import environment_variables
from tests.deploy.conftest import IMAGE, OPENSHIFT, OVERLAYS, ROOT, cpus, pod_of

from affluence_service import environment as settings_of
from affluence_service.checks import faults
from affluence_service.environment import read_environment

Objects = Mapping[str, list[dict[str, Any]]]

pytestmark = pytest.mark.slow
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)

# What the settings may hold beside our own: MLflow's and OpenTelemetry's clients read these.
OTHERS_SETTINGS = {"MLFLOW_TRACKING_URI", *vars(environment_variables)}
# What a container's own lines may set beside that.
THREADS = {"OMP_NUM_THREADS", "POLARS_MAX_THREADS", "LOKY_MAX_CPU_COUNT"}
ELSEWHERE = {"HOME", "COMPONENT", "OTEL_SERVICE_NAME", "MLFLOW_BACKEND_STORE_URI"}


def pods(things: list[dict[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name of each object that makes pods, beside their template."""
    for thing in things:
        if (pod := pod_of(thing)) is not None:
            yield thing["metadata"]["name"], pod


def containers(things: list[dict[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Each container with the name of whose it is and the pod's specification."""
    for name, pod in pods(things):
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield name, container, pod["spec"]


def of_kind(things: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [thing for thing in things if thing["kind"] == kind]


def settings(things: list[dict[str, Any]]) -> Mapping[str, str]:
    (found,) = of_kind(things, "ConfigMap")
    return found["data"]


# Schemas


@each_overlay
def test_every_object_fits_the_schema_of_kubernetes(objects: Objects, overlay: str) -> None:
    for thing in objects[overlay]:
        if thing["kind"] != "Route":
            kubernetes_validate.validate(thing, "1.31", strict=True)


def test_the_schema_refuses_a_field_that_is_misspelt(objects: Objects) -> None:
    deployment = yaml.safe_load(yaml.safe_dump(of_kind(objects["dev"], "Deployment")[0]))
    deployment["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFileSystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.31", strict=True)


def check_route(route: Mapping[str, Any], definitions: Mapping[str, Any]) -> None:
    schema = {"definitions": definitions, "$ref": "#/definitions/com.github.openshift.api.route.v1.Route"}
    jsonschema.Draft4Validator(schema).validate(route)


@each_overlay
def test_the_route_fits_the_schema_of_openshift(
    objects: Objects, openshift_definitions: Mapping[str, Any], overlay: str
) -> None:
    (route,) = of_kind(objects[overlay], "Route")
    check_route(route, openshift_definitions)


@pytest.mark.parametrize(
    ("field", "value"), [("tls", {"termination": 1}), ("tls", {"terminate": "edge"}), ("to", "affluence-web")]
)
def test_the_schema_of_openshift_refuses_what_is_wrong(
    objects: Objects, openshift_definitions: Mapping[str, Any], field: str, value: object
) -> None:
    (route,) = of_kind(objects["dev"], "Route")
    wrong = route | {"spec": route["spec"] | {field: value}}
    with pytest.raises(jsonschema.ValidationError):
        check_route(wrong, openshift_definitions)


# What the code knows


@each_overlay
def test_every_command_is_one_that_the_programs_take(objects: Objects, overlay: str) -> None:
    asked = {tuple(container["command"]) for _, container, _ in containers(objects[overlay])}
    assert {command[0] for command in asked} == {"affluence", "affluence-service", "mlflow"}
    for command in asked:
        assert takes(command), " ".join(command)


@pytest.mark.parametrize(
    "command",
    [
        ("affluence-service", "webb"),
        ("affluence-service", "web", "--ports", "8000"),
        ("affluence-service", "manage", "migrate", "--chek"),
        ("affluence", "train", "--challenged"),
        ("mlflow", "server", "--allow-hosts=x"),
    ],
)
def test_a_command_that_is_misspelt_is_found(command: tuple[str, ...]) -> None:
    assert not takes(command)


def takes(command: tuple[str, ...]) -> bool:
    """Whether the program knows the verb and every option: asked for help, it says otherwise what it does not know."""
    if command[:2] == ("affluence-service", "manage"):
        ask = (
            "import sys, django; django.setup()\n"
            "from django.core.management import get_commands, load_command_class as load\n"
            "verb, *options = sys.argv[1:]\n"
            "load(get_commands()[verb], verb).create_parser('manage', verb).parse_args(options)"
        )
        program = [sys.executable, "-c", ask, *command[2:]]
    else:
        program = [str(Path(sys.executable).with_name(command[0])), *command[1:], "--help"]
    return subprocess.run(program, capture_output=True, check=False).returncode == 0


def known_settings() -> set[str]:
    """Every variable that the service reads, or a library of it."""
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', Path(settings_of.__file__).read_text()))
    return read | {f"{name}_FILE" for name in read} | OTHERS_SETTINGS


@each_overlay
def test_every_setting_is_one_that_is_read(objects: Objects, overlay: str) -> None:
    assert set(settings(objects[overlay])) <= known_settings()
    for name, container, _ in containers(objects[overlay]):
        own = {variable["name"] for variable in container.get("env", ())}
        assert own <= THREADS | ELSEWHERE, name
        used = set(re.findall(r"\$\((\w+)\)", " ".join(container["command"])))
        assert used <= set(settings(objects[overlay])), name


@each_overlay
def test_the_service_would_start_with_these_settings(objects: Objects, overlay: str, tmp_path: Path) -> None:
    given = dict(settings(objects[overlay]))
    (tmp_path / "secret-key").write_text("k" * 50)
    (tmp_path / "database-url").write_text("postgresql://affluence@database.example/affluence")
    given |= {name: str(tmp_path / Path(value).name) for name, value in given.items() if name.endswith("_FILE")}
    environment = read_environment(given | {"AFFLUENCE_FOLDER": str(tmp_path)})
    assert list(faults(environment)) == []
    (route,) = of_kind(objects[overlay], "Route")
    assert set(environment.hosts) == {route["spec"]["host"], "localhost"}


@each_overlay
def test_volumes_and_secrets_stand_where_the_settings_say(objects: Objects, overlay: str) -> None:
    given = settings(objects[overlay])
    for name, container, _ in containers(objects[overlay]):
        mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounted.get("folder", given["AFFLUENCE_FOLDER"]) == given["AFFLUENCE_FOLDER"], name
        assert mounted.get("monthly", f"{given['AFFLUENCE_PROJECT']}/data") == f"{given['AFFLUENCE_PROJECT']}/data"
        for variable, value in given.items():
            assert not variable.endswith("_FILE") or Path(value).parent == Path(mounted["secrets"]), name
        if container["command"][0] == "affluence-service":
            assert "folder" in mounted, name
        if {"web", "collectstatic"} & set(container["command"]):
            assert mounted["static"] == f"{given['AFFLUENCE_FOLDER']}/static", name
        if container["command"][0] == "mlflow":
            assert f"--artifacts-destination={mounted['models']}" in container["command"]


@each_overlay
def test_every_port_is_the_one_that_is_listened_at(objects: Objects, overlay: str) -> None:
    things = objects[overlay]
    listened = {}
    for name, container, _ in containers(things):
        if "ports" in container:
            command = " ".join(container["command"]).replace("=", " ")
            listened[name] = int(re.search(r"--port (\d+)", command).group(1))
            assert [port["containerPort"] for port in container["ports"]] == [listened[name]]
    assert listened == {"affluence-web": 8000, "affluence-mlflow": 5000}
    for service in of_kind(things, "Service"):
        (port,) = service["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (listened[service["metadata"]["name"]], "http")
    (route,) = of_kind(things, "Route")
    assert route["spec"]["to"]["name"] == "affluence-web"
    assert settings(things)["MLFLOW_TRACKING_URI"] == f"http://affluence-mlflow:{listened['affluence-mlflow']}"


@each_overlay
def test_probes_ask_where_there_is_an_answer_and_by_a_name_that_is_taken(objects: Objects, overlay: str) -> None:
    from affluence_service import settings as service

    asked = set()
    for name, container, _ in containers(objects[overlay]):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if kind not in container:
                continue
            probe = container[kind]["httpGet"]
            assert probe["httpHeaders"] == [{"name": "Host", "value": "localhost"}]
            asked.add((name, probe["path"]))
    assert {path for name, path in asked if name == "affluence-mlflow"} == {"/health"}
    ours = {path for name, path in asked if name == "affluence-web"}
    assert ours == {"/api/v1/health", "/api/v1/ready"}
    for path in ours:
        get_resolver("affluence_service.urls").resolve(path)
        assert any(re.search(pattern, path.lstrip("/")) for pattern in service.SECURE_REDIRECT_EXEMPT)
    with pytest.raises(Resolver404):
        get_resolver("affluence_service.urls").resolve("/api/v1/healthy")


@pytest.fixture
def web(objects: Objects, tmp_path: Path) -> Iterator[str]:
    """The address of web, started as its pod starts it, with a route before it as the cluster's router is.

    Its folder, secrets and database are this test's, and its port is free; all else is the manifest's.
    """
    things = objects["dev"]
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret-key").write_text("k" * 50)
    (tmp_path / "database-url").write_text(f"sqlite:///{tmp_path / 'affluence.db'}")
    given = dict(settings(things))
    given |= {name: str(tmp_path / Path(value).name) for name, value in given.items() if name.endswith("_FILE")}
    given |= {"AFFLUENCE_FOLDER": str(tmp_path / "folder"), "AFFLUENCE_PROJECT": str(ROOT)}
    outside = {name: value for name, value in os.environ.items() if not re.match("AFFLUENCE_|DATABASE_URL", name)}
    environment = outside | given | dict.fromkeys(THREADS, "1")
    (migration,) = (list(each["command"]) for name, each, _ in containers(things) if name == "affluence-migration")
    *before, command = (list(each["command"]) for name, each, _ in containers(things) if name == "affluence-web")
    for each in (migration, *before):
        subprocess.run([program(each[0]), *each[1:]], env=environment, cwd=tmp_path, capture_output=True, check=True)
    port = str(free_port())
    started = [program(command[0]), *command[1:]]
    started[started.index("8000")] = port
    started[started.index("0.0.0.0")] = "127.0.0.1"  # noqa: S104  (what the pod listens on)
    process = subprocess.Popen(started, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    assert process.wait(timeout=30) == 0


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_web_starts_as_its_pod_does_answers_its_probes_and_passes_the_smoke_test(
    objects: Objects, web: str, routed: Callable[[str], str]
) -> None:
    (container,) = (each for name, each, _ in containers(objects["dev"]) if name == "affluence-web" and "ports" in each)
    probe = container["startupProbe"]
    asking = {header["name"]: header["value"] for header in probe["httpGet"]["httpHeaders"]}
    deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
    while asked(web + probe["httpGet"]["path"], asking) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert asked(web + container["readinessProbe"]["httpGet"]["path"], asking) == 200
    assert asked(web + probe["httpGet"]["path"], {"Host": "affluence.elsewhere.example"}) == 400
    smoke = [sys.executable, str(ROOT / "deploy" / "smoke.py"), routed(web)]
    ran = subprocess.run(smoke, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def asked(address: str, headers: Mapping[str, str]) -> int:
    """The status of the answer; 0 where there is none."""
    try:
        request = urllib.request.Request(address, headers=dict(headers))  # noqa: S310  (an address of ours)
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


@pytest.fixture
def mlflow(objects: Objects, tmp_path: Path) -> Iterator[str]:
    """The address of MLflow's server, started as its pod starts it but for its port, its folder and its database."""
    (command,) = (each["command"] for name, each, _ in containers(objects["dev"]) if name == "affluence-mlflow")
    port = free_port()
    changed = {"--host": "127.0.0.1", "--port": port, "--artifacts-destination": tmp_path / "artifacts"}
    options = dict(option.split("=", 1) if "=" in option else (option, None) for option in command[2:])
    options |= {name: str(value) for name, value in changed.items()}
    started = [
        program(command[0]),
        command[1],
        *(f"{name}={value}" if value else name for name, value in options.items()),
    ]
    environment = os.environ | {
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
        "HOME": str(tmp_path),
    }
    process = subprocess.Popen(
        started,
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield f"http://127.0.0.1:{port}"
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=30)


def test_mlflow_starts_as_its_pod_does_and_answers_probes_and_our_pods_by_its_name_alone(
    objects: Objects, mlflow: str
) -> None:
    (container,) = (each for name, each, _ in containers(objects["dev"]) if name == "affluence-mlflow")
    probe = container["startupProbe"]
    asking = {header["name"]: header["value"] for header in probe["httpGet"]["httpHeaders"]}
    deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
    while asked(mlflow + probe["httpGet"]["path"], asking) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    named = urllib.parse.urlsplit(settings(objects["dev"])["MLFLOW_TRACKING_URI"]).netloc
    experiments = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"
    assert asked(mlflow + experiments, {"Host": named}) == 200
    assert asked(mlflow + experiments, {"Host": "mlflow.elsewhere.example"}) == 403


@pytest.fixture
def routed() -> Iterator[Callable[[str], str]]:
    """Puts a stand-in for the router before an address: it asks as one does that has ended TLS."""
    running = []

    def route(behind: str) -> str:
        class Routing(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asking = http.client.HTTPConnection(urllib.parse.urlsplit(behind).netloc, timeout=10)
                asking.request("GET", self.path, headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
                answer = asking.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() in {"content-type", "content-security-policy", "location"}:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Routing)
        running.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield route
    for server in running:
        server.shutdown()


def test_the_secret_is_named_and_never_written(rendered: Mapping[str, str]) -> None:
    for text in rendered.values():
        things = list(yaml.safe_load_all(text))
        assert not of_kind(things, "Secret")
        assert not re.search(r"postgresql(\+\w+)?://", text)
        keys = {
            variable["valueFrom"]["secretKeyRef"]["key"]
            for _, container, _ in containers(things)
            for variable in container.get("env", ())
            if "secretKeyRef" in variable.get("valueFrom", {})
        } | {Path(value).name for name, value in settings(things).items() if name.endswith("_FILE")}
        explained = (ROOT / "docs/how_to/deploy_to_openshift.md").read_text()
        assert all(f"`{key}`" in explained for key in keys)


# Hardened, sized and separated


@each_overlay
def test_no_pod_may_do_more_than_it_must(objects: Objects, overlay: str) -> None:
    found = list(containers(objects[overlay]))
    assert len(found) == 9
    for name, container, pod in found:
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]  # noqa: S108
        assert next(volume for volume in pod["volumes"] if volume["name"] == "tmp")["emptyDir"]
        assert container["image"] == IMAGE
    for name, pod in pods(objects[overlay]):
        assert pod["metadata"]["annotations"]["openshift.io/required-scc"] == "restricted-v2", name


@each_overlay
def test_every_container_has_requests_limits_and_as_many_threads_as_processors(objects: Objects, overlay: str) -> None:
    for name, container, _ in containers(objects[overlay]):
        requests, limits = (container["resources"][kind] for kind in ("requests", "limits"))
        assert set(requests) == set(limits) == {"cpu", "memory"}, name
        assert cpus(requests["cpu"]) <= cpus(limits["cpu"]), name
        # Threads are counted in whole processors.
        assert cpus(limits["cpu"]) == int(cpus(limits["cpu"])), name
        if container["name"] == "affluence":
            wanted = {"resourceFieldRef": {"resource": "limits.cpu"}}
            given = {variable["name"]: variable.get("valueFrom") for variable in container["env"]}
            assert [given[variable] for variable in sorted(THREADS)] == [wanted] * 3, name


def test_the_threads_that_are_set_are_the_threads_that_are_used() -> None:
    ask = "import joblib, polars, threadpoolctl, numpy; print(joblib.cpu_count(), polars.thread_pool_size(), "
    ask += "{pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    one = dict(os.environ) | dict.fromkeys(THREADS, "1")
    told = subprocess.run([sys.executable, "-c", ask], env=one, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "1", "{1}"]


def selected(things: list[dict[str, Any]], selector: Mapping[str, Any]) -> set[str]:
    """Who is chosen by a selector, of all that make pods."""
    wanted = [
        {"key": key, "operator": "In", "values": [value]} for key, value in selector.get("matchLabels", {}).items()
    ]
    wanted += selector.get("matchExpressions", [])
    return {
        name
        for name, pod in pods(things)
        if all(pod["metadata"]["labels"].get(each["key"]) in each["values"] for each in wanted)
    }


@each_overlay
def test_every_selector_finds_whom_it_is_for(objects: Objects, overlay: str) -> None:
    things = objects[overlay]
    for kind in ("Deployment", "PodDisruptionBudget"):
        for thing in of_kind(things, kind):
            assert selected(things, thing["spec"]["selector"]) == {thing["metadata"]["name"]}
    for service in of_kind(things, "Service"):
        assert selected(things, {"matchLabels": service["spec"]["selector"]}) == {service["metadata"]["name"]}
    (scaler,) = of_kind(things, "HorizontalPodAutoscaler")
    deployments = {thing["metadata"]["name"]: thing for thing in of_kind(things, "Deployment")}
    scaled = deployments[scaler["spec"]["scaleTargetRef"]["name"]]
    assert "replicas" not in scaled["spec"]
    assert scaler["spec"]["minReplicas"] <= scaler["spec"]["maxReplicas"]
    assert {thing["metadata"]["namespace"] for thing in things} == {f"affluence-{overlay}"}


@each_overlay
def test_the_network_lets_through_what_is_needed_and_starts_from_nothing(objects: Objects, overlay: str) -> None:
    things = objects[overlay]
    policies = {thing["metadata"]["name"]: thing["spec"] for thing in of_kind(things, "NetworkPolicy")}
    everyone = {name for name, _ in pods(things)}
    assert selected(things, policies["affluence-nothing"]["podSelector"]) == everyone
    assert set(policies["affluence-nothing"]) == {"podSelector", "policyTypes"}
    asks_mlflow = everyone - {"affluence-mlflow", "affluence-migration"}
    assert selected(things, policies["affluence-to-mlflow"]["podSelector"]) == asks_mlflow
    (let_in,) = policies["affluence-at-mlflow"]["ingress"]
    assert selected(things, let_in["from"][0]["podSelector"]) == asks_mlflow
    asks_database = everyone - {"affluence-monthly-list", "affluence-retraining"}
    assert selected(things, policies["affluence-to-database"]["podSelector"]) == asks_database
    (to_collector,) = policies["affluence-to-collector"]["egress"]
    collector = urllib.parse.urlsplit(settings(things)["OTEL_EXPORTER_OTLP_ENDPOINT"])
    assert to_collector["ports"] == [{"protocol": "TCP", "port": collector.port}]
    assert collector.hostname.split(".")[1] in str(to_collector["to"])
    (from_router,) = policies["affluence-from-router"]["ingress"]
    assert from_router["ports"] == [{"protocol": "TCP", "port": 8000}]


def test_pods_of_the_calendar_are_as_all_others() -> None:
    pod, cron = (
        yaml.safe_load((OPENSHIFT / "base/shared" / name).read_text()) for name in ("pod.yaml", "cron-pod.yaml")
    )
    assert cron["spec"]["jobTemplate"]["spec"]["template"] == pod["spec"]["template"]


def test_prod_goes_by_the_calendar_and_dev_does_not(objects: Objects) -> None:
    for overlay, waits in (("dev", True), ("prod", False)):
        crons = of_kind(objects[overlay], "CronJob")
        assert {thing["metadata"]["name"] for thing in crons} == {"affluence-monthly-list", "affluence-retraining"}
        assert all(thing["spec"].get("suspend", False) is waits for thing in crons)


@each_overlay
def test_the_security_lint_has_nothing_to_say(
    rendered: Mapping[str, str], checkov: Path, overlay: str, tmp_path: Path
) -> None:
    (tmp_path / "objects.yaml").write_text(rendered[overlay])
    assert linted(checkov, tmp_path / "objects.yaml") == ""


def test_the_security_lint_sees_a_pod_that_may_do_more(
    rendered: Mapping[str, str], checkov: Path, tmp_path: Path
) -> None:
    loose = rendered["dev"].replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
    (tmp_path / "objects.yaml").write_text(loose)
    assert "CKV_K8S_20" in linted(checkov, tmp_path / "objects.yaml")


def linted(checkov: Path, file: Path) -> str:
    """What checkov says of the objects in a file, with the exceptions that we write down; nothing where all is well."""
    options = ["--framework", "kubernetes", "--config-file", str(OPENSHIFT / "checkov.yaml"), "--skip-download"]
    program = [str(checkov), "-f", str(file), *options]
    # Without the variable it asks its makers for texts, and tells them that it was run.
    ran = subprocess.run(
        program, env=os.environ | {"BC_SKIP_MAPPING": "TRUE"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode in {0, 1}, ran.stderr[-2_000:]
    return ran.stdout if ran.returncode else ""
