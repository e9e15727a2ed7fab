"""The service's settings with the tests' own kind of job, for worker processes that the tests start."""

from affluence_service import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})
JOBS = {"tests' work": "tests.affluence_service.jobs.tiny_work.Tiny"}
CHORES: dict[str, float] = {}
