"""The rule of hidden types as learned on simulated customers by `python -m benchmarks.hidden_types`.

Written by that command, not by hand; what was measured stands in benchmarks/hidden_types/results.md.
"""

from affluence.decision.type_rule import TypePrecision, TypeRule
from affluence.evaluation.results import Estimate

LEARNED = TypeRule(
    intercepts=(2.3657, -0.2093, -1.0118, -1.1445),
    weights=(
        (-0.0405, -0.6985, -0.2174, 0.0455),
        (-0.2954, 0.9923, 0.2465, 0.1068),
        (-0.3051, 0.4994, 0.0212, 0.0712),
        (0.6411, -0.7932, -0.0503, -0.2235),
    ),
    emphasis=(1.0, 4.283, 15.123, 21.183),
    types=(
        TypePrecision(
            name="look-alike",
            at_least=0.9173,
            wanted=0.9143,
            base=0.828,
            precision=Estimate(
                value=0.9400191938579654,
                low=0.9308795690607103,
                high=0.9480177941792436,
                assumption="Wilson interval, independent customers",
                level=0.9,
            ),
            named=0.0472,
        ),
        TypePrecision(
            name="mis-tagged",
            at_least=None,
            wanted=0.7,
            base=0.1057,
            precision=Estimate(
                value=0.6845637583892618,
                low=0.619128198154935,
                high=0.7434162332991632,
                assumption="Wilson interval, independent customers",
                level=0.9,
            ),
            named=0.0034,
        ),
        TypePrecision(name="about to cross", at_least=None, wanted=0.7, base=0.0367, precision=None, named=0.0),
        TypePrecision(name="money elsewhere", at_least=None, wanted=0.7, base=0.0296, precision=None, named=0.0),
    ),
    learned_on=("as published, seed 101", "as published, seed 102", "as published, seed 103", "as published, seed 104"),
    judged_on=(
        "as published, seed 201, 66,083 customers",
        "as published, seed 202, 66,083 customers",
        "as published, seed 203, 66,083 customers",
        "as published, seed 204, 66,083 customers",
        "as published, seed 205, 66,083 customers",
        "as published, seed 206, 66,083 customers",
        "as published, seed 207, 66,083 customers",
        "as published, seed 208, 66,083 customers",
        "more money elsewhere, seed 301, 33,000 customers",
        "more drift, seed 302, 33,000 customers",
        "twice as many hidden, seed 303, 33,000 customers",
    ),
)
