"""The rule of hidden types as learned on simulated customers by `python -m benchmarks.hidden_types`.

Written by that command, not by hand; what was measured stands in benchmarks/hidden_types/results.md.
"""

from affluence.decision.type_rule import TypePrecision, TypeRule
from affluence.evaluation.results import Estimate

LEARNED = TypeRule(
    intercepts=(2.367, -0.2229, -1.0071, -1.137),
    weights=(
        (-0.0112, -0.7512, -0.1985, 0.039),
        (-0.3162, 1.075, 0.2153, 0.1375),
        (-0.2965, 0.5028, 0.0077, 0.0684),
        (0.624, -0.8266, -0.0244, -0.2449),
    ),
    emphasis=(1.0, 3.049, 12.599, 21.243),
    types=(
        TypePrecision(
            name="look-alike",
            at_least=0.9199,
            wanted=0.9147,
            base=0.8294,
            precision=Estimate(
                value=0.9405286343612335,
                low=0.9262628869824545,
                high=0.9521769180128958,
                assumption="Wilson interval, independent customers",
                level=0.9,
            ),
            named=0.0412,
        ),
        TypePrecision(
            name="mis-tagged",
            at_least=None,
            wanted=0.7,
            base=0.1032,
            precision=Estimate(
                value=0.6777777777777778,
                low=0.5925855967218165,
                high=0.7525933301008854,
                assumption="Wilson interval, independent customers",
                level=0.9,
            ),
            named=0.0041,
        ),
        TypePrecision(name="about to cross", at_least=None, wanted=0.7, base=0.0389, precision=None, named=0.0),
        TypePrecision(name="money elsewhere", at_least=None, wanted=0.7, base=0.0286, precision=None, named=0.0),
    ),
    learned_on=("as published, seed 101", "as published, seed 102", "as published, seed 103", "as published, seed 104"),
    judged_on=(
        "as published, seed 201, 66,083 customers",
        "as published, seed 202, 66,083 customers",
        "as published, seed 203, 66,083 customers",
        "as published, seed 204, 66,083 customers",
        "more money elsewhere, seed 301, 33,000 customers",
        "more drift, seed 302, 33,000 customers",
        "twice as many hidden, seed 303, 33,000 customers",
    ),
)
