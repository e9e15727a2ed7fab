"""The errors of this project. Only a `UserError` reaches a person, and its message is written for them."""


class AffluenceError(Exception):
    """Every error that this project raises on purpose."""


class UserError(AffluenceError):
    """An error that a person can mend: the message says what was found, what was wanted and what to do."""


class ContractError(UserError):
    """A contract that cannot be read or that contradicts itself."""
