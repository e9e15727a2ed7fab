"""A random forest on XGBoost's engine: independent deep trees on samples of rows and columns, averaged.

Squared error on the 0/1 tag makes a leaf's value the share tagged in it, and the split gain that of Gini, so the
forest's output is the mean of the trees' shares, as in Breiman (2001), Machine Learning 45, section 2.
"""

from affluence.pu.learners.boosters import BoosterLearner

RANDOM_FOREST = BoosterLearner(
    key="random_forest",
    title="Random forest",
    rounds=1,
    parameters={
        "objective": "reg:squarederror",
        "num_parallel_tree": 200,
        "learning_rate": 1,
        "max_depth": 14,
        "min_child_weight": 10,
        "reg_lambda": 0,
        # 0.63 of the rows without replacement hold as many distinct customers as a bootstrap sample.
        "subsample": 0.63,
        "colsample_bynode": 0.4,
    },
)
