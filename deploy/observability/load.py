"""Loads what this folder holds into Elasticsearch and Kibana: life cycles, templates, saved objects, alert rules.

    ELASTICSEARCH_URL=... KIBANA_URL=... ELASTIC_USER=... ELASTIC_PASSWORD_FILE=... python load.py

Loading again replaces what was loaded before. Ends with 1, and says in one line what was refused. Needs nothing but
Python.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BOUNDARY = "affluence-saved-objects"
SECONDS = 60
NOT_FOUND = 404


class Refused(Exception):  # noqa: N818  (what happened)
    """A sentence for whoever loads."""


class Caller:
    """Speaks to Elasticsearch and Kibana as one user."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        try:
            self.elasticsearch = variables["ELASTICSEARCH_URL"].rstrip("/")
            self.kibana = variables["KIBANA_URL"].rstrip("/")
            password = Path(variables["ELASTIC_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
        except KeyError as error:
            raise Refused(f"{error.args[0]} is not set.") from error
        except OSError as error:
            raise Refused(f"ELASTIC_PASSWORD_FILE cannot be read ({type(error).__name__}).") from error
        user = f"{variables.get('ELASTIC_USER', 'elastic')}:{password}"
        self.headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}", "kbn-xsrf": "affluence"}

    def ask(self, method: str, address: str, body: bytes, kind: str = "application/json") -> Any:
        """The answer as JSON. Errors: Refused, with what the program said of why."""
        asked = urllib.request.Request(  # noqa: S310  (addresses of the operator)
            address, body, {**self.headers, "Content-Type": kind}, method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == NOT_FOUND:
                return None
            said = " ".join(error.read(300).decode(errors="replace").split())
            raise Refused(f"{method} {address} was refused ({error.code}): {said}") from error
        except ValueError as error:
            raise Refused(f"{address} answers, and not in JSON: is it the program, or something before it?") from error
        except (urllib.error.URLError, TimeoutError) as error:
            raise Refused(f"{address} does not answer ({error}).") from error

    def give(self, method: str, address: str, content: Mapping[str, Any]) -> None:
        """Give JSON to it. Errors: Refused, also where there is nothing that takes it."""
        if self.ask(method, address, json.dumps(content).encode()) is None:
            raise Refused(f"{method} {address} was refused: there is no such address.")


def load(caller: Caller) -> None:
    """Load everything, in the order in which one needs the other. Errors: Refused."""
    for name, policy in _read("elasticsearch/life_cycle.json").items():
        caller.give("PUT", f"{caller.elasticsearch}/_ilm/policy/{name}", policy)
    for name, template in _read("elasticsearch/templates.json").items():
        caller.give("PUT", f"{caller.elasticsearch}/_component_template/{name}", template)
    _import(caller)
    for name, rule in _read("rules.json").items():
        _set_rule(caller, name, rule)


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return content


def _import(caller: Caller) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="kibana.ndjson"\r\n\r\n'
    body = head.encode() + (HERE / "kibana.ndjson").read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
    address = f"{caller.kibana}/api/saved_objects/_import?overwrite=true"
    answer = caller.ask("POST", address, body, f"multipart/form-data; boundary={BOUNDARY}")
    if answer is None or not answer.get("success"):
        faults = [f"{one['type']} {one['id']}: {one['error']['type']}" for one in (answer or {}).get("errors", ())]
        raise Refused(f"Kibana did not take all saved objects: {'; '.join(faults[:5]) or answer}.")


def _set_rule(caller: Caller, name: str, rule: Mapping[str, Any]) -> None:
    """Change the rule, or make it where there is none; a rule that is there keeps its kind and who consumes it."""
    address = f"{caller.kibana}/api/alerting/rule/{name}"
    changed = {key: value for key, value in rule.items() if key not in {"rule_type_id", "consumer"}}
    if caller.ask("PUT", address, json.dumps(changed).encode()) is None:
        caller.give("POST", address, rule)


if __name__ == "__main__":
    try:
        load(Caller(os.environ))
    except Refused as refused:
        sys.exit(str(refused))
    print("Life cycles, templates, dashboards and rules are loaded.")
