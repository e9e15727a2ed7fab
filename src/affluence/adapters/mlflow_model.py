"""How MLflow loads our model: the loader named in each registered model's `MLmodel` file.

Kept apart from the registry so that a scoring server which loads a model imports nothing of MLflow through us.
"""

from pathlib import Path

import pandas as pd
import polars as pl

from affluence.decision.scoring import score_table
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.storage import load_model


class ScoringModel:
    """What `mlflow.pyfunc` calls: customers in, scores out, each from models that never saw the customer."""

    def __init__(self, model: TrainedModel) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """One row a customer: id, score, labelled probability, and the fold whose model gave them.

        `model_input` has `customer_id` and the contract's columns by our names.
        """
        customers = pl.from_pandas(model_input).with_columns(pl.col("customer_id").cast(pl.String))
        scores = score_table(self.model, customers, score_customers(self.model, customers))
        return scores.drop("tag", strict=False).to_pandas()


def _load_pyfunc(data_path: str) -> ScoringModel:
    return ScoringModel(load_model(Path(data_path)))
