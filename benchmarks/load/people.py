"""The four people of the service at their work, for locust: pages and API as they use them, and how long each took.

Each waits one to three seconds between two requests, which is quicker than people read. A request is named by its
method and by the route that the service knows, so that what both counted can be compared. AFFLUENCE_LOAD_TOLD names the
file into which every request is written at the end.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

from benchmarks.load.office import PASSWORD
from locust import FastHttpUser, between, events, task

told: list[tuple[str, str, float, int, str, bool]] = []
all_there = False
# An empty name is none to locust, which then takes the path; the service's route of it is empty.
HOME = "/"
RUN, RANKED, CAMPAIGN = "runs/<uuid:id>", "runs/<uuid:id>/candidates", "campaigns/<uuid:id>"
DICE = random.Random(0)  # noqa: S311  (which page of a list somebody looks at)
FIRST_PAGES, FIRST_RANKS = 20, 500
ANSWERS = ("interested", "declined", "not_reached")
SENT_ON, LINE_ANEW = 302, 200


@events.request.add_listener
def note(request_type: str, name: str, response_time: float, response: Any, exception: Any, **_: Any) -> None:
    """Write a request down: method, route, milliseconds, status, what was wrong, and whether all were there."""
    status = int(getattr(response, "status_code", 0) or 0)
    route = "" if name == HOME else name
    told.append((request_type, route, response_time, status, str(exception or ""), all_there))


@events.spawning_complete.add_listener
def see_all_there(**_: Any) -> None:
    """Nobody else comes."""
    global all_there
    all_there = True


@events.quitting.add_listener
def hand_over(**_: Any) -> None:
    """Write all of it into the file."""
    Path(os.environ["AFFLUENCE_LOAD_TOLD"]).write_text(json.dumps(told), encoding="utf-8")


class Person(FastHttpUser):
    """Somebody who signs in, then does what the role does, again and again."""

    abstract = True
    wait_time = between(1, 3)
    role = ""

    def on_start(self) -> None:
        """Sign in by the page, and look at what there is."""
        self.page("sign-in")
        self.send("sign-in", {"name": self.role, "password": PASSWORD, "next": "/"})
        self.settle()

    def settle(self) -> None:
        """Find what the role works on."""

    def page(self, route: str, path: str = "", **asked: Any) -> Any:
        """A page that is looked at."""
        return self.client.get(f"/{path or route}", params=asked, name=route)

    def api(self, route: str, path: str = "", **asked: Any) -> Any:
        """What the API answers, as JSON."""
        return self.client.get(f"/api/v1/{path or route}", params=asked, name=f"api/v1/{route}").json()

    def send(self, route: str, form: dict[str, str], path: str = "", *, answered: int = SENT_ON) -> None:
        """A form that is sent and taken; where it leads is not followed, so that a request stays one request."""
        how = {"name": route, "headers": self._allowed(), "allow_redirects": False, "catch_response": True}
        with self.client.post(f"/{path or route}", data=form, **how) as answer:
            if answer.status_code != answered:
                answer.failure(f"The form was not taken: {answer.status_code}.")

    def post(self, route: str, sent: dict[str, Any], path: str = "") -> Any:
        """Something changed or asked by the API."""
        name = f"api/v1/{route}"
        return self.client.post(f"/api/v1/{path or route}", json=sent, name=name, headers=self._allowed()).json()

    def _allowed(self) -> dict[str, str]:
        cookies = {cookie.name: cookie.value or "" for cookie in self.client.cookiejar}
        return {"X-CSRFToken": cookies.get("csrftoken", "")}


class Looking(Person):
    """Who may look at runs and rankings."""

    abstract = True

    def settle(self) -> None:
        """The run that ranked the bank."""
        self.run = next(run["id"] for run in self.api("runs")["results"] if run["kind"] == "score")

    @task(3)
    def home(self) -> None:
        """Home."""
        self.page("", "")

    @task(2)
    def runs(self) -> None:
        """The runs, and the one that ranked."""
        self.page("runs")
        self.page(RUN, f"runs/{self.run}")

    @task(5)
    def ranking(self) -> None:
        """A page of the ranking."""
        self.page(RANKED, f"runs/{self.run}/candidates", page=DICE.randint(1, FIRST_PAGES))

    @task(5)
    def person(self) -> None:
        """One of the candidates."""
        rank = DICE.randint(1, FIRST_RANKS)
        self.page(f"{RANKED}/<rank:rank>", f"runs/{self.run}/candidates/{rank}")

    @task(2)
    def segments(self) -> None:
        """Who the listed are."""
        self.page("runs/<uuid:id>/segments", f"runs/{self.run}/segments")


class Analyst(Looking):
    """Looks at tables and rankings, moves the cut, and asks the API for figures and for a single score."""

    role, weight = "analyst", 5

    def settle(self) -> None:
        """The table and the columns besides."""
        super().settle()
        self.table = self.api("datasets")["results"][0]["id"]
        columns = self.api("contracts/<str:name>/columns", "contracts/reference_bank/columns")["columns"]
        known = {"customer_id": "C-1", "products_held": 3, "assets_sgd": 150_000, "time_deposits_sgd": 120_000}
        self.customer = {column["name"]: None for column in columns if column["name"]} | known

    @task(2)
    def tables(self) -> None:
        """The tables, and what was found of one."""
        self.page("tables")
        self.page("tables/<uuid:id>", f"tables/{self.table}")

    @task(4)
    def cut(self) -> None:
        """Where to cut."""
        self.page("runs/<uuid:id>/cut", f"runs/{self.run}/cut", contacts=DICE.randint(100, 1_500))

    @task(3)
    def figures(self) -> None:
        """The same for a program."""
        asked = {"managers": DICE.randint(2, 20), "calls_a_week": 5, "weeks": 4}
        self.api("runs/<uuid:id>/capacity", f"runs/{self.run}/capacity", **asked)
        self.api(RANKED, f"runs/{self.run}/candidates", page_size=100, page=DICE.randint(1, 10))

    @task(3)
    def score(self) -> None:
        """One customer scored."""
        self.post("score", {"contract": "reference_bank", "customers": [self.customer]})


class Approver(Looking):
    """Looks at what waits for a decision, and at the record."""

    role, weight = "approver", 2

    def settle(self) -> None:
        """The campaign that waits besides."""
        super().settle()
        found = self.api("campaigns")["results"]
        self.campaign = next(campaign["id"] for campaign in found if campaign["state"] == "submitted")

    @task(4)
    def campaigns(self) -> None:
        """The campaigns, and the one that waits."""
        self.page("campaigns")
        self.page(CAMPAIGN, f"campaigns/{self.campaign}")

    @task(2)
    def models(self) -> None:
        """The models."""
        self.page("models")
        self.api("proposals")

    @task(2)
    def activity(self) -> None:
        """The record."""
        self.page("activity")


class RelationshipManager(Person):
    """Goes through the customers of a list, and says what came of a call."""

    role, weight = "manager", 2

    def settle(self) -> None:
        """Whom the list names."""
        self.customers = [customer["id"] for customer in self.api("my-customers")["results"]]

    @task(4)
    def mine(self) -> None:
        """The list."""
        self.page("my-customers", page=DICE.randint(1, 4))

    @task(3)
    def called(self) -> None:
        """What came of a call."""
        customer, answer = DICE.choice(self.customers), DICE.choice(ANSWERS)
        self.send("my-customers/<int:id>", {"answer": answer}, f"my-customers/{customer}", answered=LINE_ANEW)

    @task(2)
    def told_by_program(self) -> None:
        """The same from the telephone's own program."""
        route = "my-customers/<int:id>/outcome"
        self.post(route, {"answer": DICE.choice(ANSWERS)}, f"my-customers/{DICE.choice(self.customers)}/outcome")

    @task(1)
    def sheets(self) -> None:
        """Sheets to check by hand."""
        self.page("reviews")


class Reviewer(Looking):
    """Reads everything and changes nothing."""

    role, weight = "reviewer", 1

    @task(3)
    def record(self) -> None:
        """The record, on the page and for a program."""
        self.page("activity")
        self.api("audit", page_size=50)

    @task(2)
    def sheets(self) -> None:
        """What was checked by hand."""
        self.page("reviews")
