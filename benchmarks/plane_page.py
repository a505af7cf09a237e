"""A page with nothing but the plane of as many made-up images as ``PLANE_POINTS`` says."""

import os

import numpy as np
import streamlit as st

from breakhis_core.charts.image_groups import by_suspicion
from pages.parts.components.plane.plane import plane
from pages.parts.server.routes import ROUTES


def page(count: int) -> None:
    """Draw the plane."""
    random = np.random.default_rng(0)
    centres = random.uniform(-0.8, 0.8, (80, 2))[random.integers(0, 80, count)]
    plane(
        "plane",
        (centres + 0.06 * random.normal(size=(count, 2))).clip(-1, 1).astype(np.float32),
        by_suspicion(random.uniform(0, 1, count)),
        by="Suspicion",
        chosen=np.zeros(count, np.bool_),
        about="/about/image?run=none&row=",
        on_choice=lambda chosen: None,
    )


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    page(int(os.environ["PLANE_POINTS"]))
else:
    app = st.App(__file__, routes=ROUTES)  # The component's script has an address of ours.
