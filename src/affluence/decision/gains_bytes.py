"""A ranking made ready for any cut, as bytes: plain arrays, from which a cut is read without the model."""

import io

import numpy as np

from affluence.decision.capacity import Gains
from affluence.decision.expected_finds import FindsByRank

ARRAYS = ("ends", "views", "finds", "variance")


def gains_to_bytes(gains: Gains) -> bytes:
    """The gains in NumPy's own format, to be read by `gains_from_bytes`; equal gains give equal bytes."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        scores=gains.scores,
        tagged=gains.tagged,
        counted=np.array(gains.counted),
        assumption=np.array(gains.finds.assumption),
        reviewed=np.array(gains.finds.reviewed),
        **{name: getattr(gains.finds, name) for name in ARRAYS},
    )
    return buffer.getvalue()


def gains_from_bytes(content: bytes) -> Gains:
    """The gains that `gains_to_bytes` wrote: they give the same cuts to the last bit. Nothing in them can run code."""
    with np.load(io.BytesIO(content), allow_pickle=False) as read:
        finds = FindsByRank(
            **{name: read[name] for name in ARRAYS},
            assumption=str(read["assumption"]),
            reviewed=bool(read["reviewed"]),
        )
        return Gains(read["scores"], read["tagged"], finds, bool(read["counted"]))
