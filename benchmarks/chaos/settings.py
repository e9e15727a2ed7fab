"""The service's settings for chaos: the record of actions is sealed all the time, and no MLflow is looked for."""

from affluence_service import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})
CHORES = {"affluence_service.audit.services.seal_entries": 2}
