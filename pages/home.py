"""Home: what is here, and what should I do next?"""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import streamlit as st

from breakhis_core import catalogue, datasets, jobs, reviews, runs
from breakhis_core.datasets import Dataset
from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from breakhis_core.taxonomy import CODES, MAGNIFICATIONS, subtype
from pages.parts import frame, identity, progress
from pages.parts.figures import counted
from pages.parts.markdown import plain

STRIP = 6
HOW_TO_GET = """
**BreakHis is free for research.** Ask for it at
[its authors' page](https://web.inf.ufpr.br/vri/databases/breast-cancer-histopathological-database-breakhis/),
download `BreaKHis_v1.tar.gz` (about 4 GB) and unpack it. Then start the app with
`BREAKHIS_DATA=/path/to/the/folder`, or add the folder on this screen. It should look like this:

```
BreaKHis_v1/
  histology_slides/
    breast/
      benign/SOB/adenosis/SOB_B_A_14-22549AB/40X/SOB_B_A-14-22549AB-40-001.png
      malignant/SOB/ductal_carcinoma/SOB_M_DC_14-2523/100X/SOB_M_DC-14-2523-100-001.png
```

Any folder at or above `breast` will do. The pictures are only read; nothing is written there.
"""


def main() -> None:
    """Draw the screen."""
    frame.page_header("Home")
    found = datasets.datasets(frame.workspace())
    with st.container(key="home"):
        content(found)


def content(found: list[Dataset]) -> None:
    """Draw what is below the header."""
    workspace = frame.workspace()
    if any([progress.show("demo"), progress.show("catalogue")]) and not found:
        return
    trouble = trouble_with_data(found)
    if trouble:
        st.warning(plain(trouble))
    if not found:
        first_start(trouble)
        return
    known, refused = runs.list_runs(workspace.models)
    standing = reviews.standing(workspace)
    lines(found, known, standing)
    next_step(found, known, standing)
    if known:
        done = set(standing["hash"])
        strip(known[0], [image for image in mistakes(known[0]) if image not in done][:STRIP])
    if identity.is_guest(frame.reviewer()):
        with st.container(width=420):
            identity.ask(
                workspace, "Who is reviewing? Asked once; your answers carry this name.", key="reviewer-home"
            )
    for run in refused:
        st.warning(f"This run cannot be used. {plain(run.reason)}")
    for data in found:
        data_folds(data)
    add_folder(expanded=False)


def trouble_with_data(found: list[Dataset]) -> str | None:
    """Return what is wrong with the folder that the settings name, or with one that was catalogued."""
    wanted = frame.workspace().settings.data
    if wanted is not None:
        trouble = datasets.folder_trouble(wanted)
        if trouble:
            return f"BREAKHIS_DATA: {trouble}"
        try:
            catalogue.find_breast_folder(wanted)
        except InputError as error:
            return f"BREAKHIS_DATA: {error}"
    return next((data.trouble for data in found if data.trouble), None)


def first_start(trouble: str | None) -> None:
    """Offer the one thing to begin with: the folder that the settings name, or the demo."""
    wanted = frame.workspace().settings.data
    if wanted is not None and not trouble:
        if frame.empty_state(
            f"**BreakHis was found** in {plain(str(wanted))}. Reading the catalogue takes a few minutes.",
            "Catalogue the images",
        ):
            submit("catalogue", root=str(wanted))
        return
    if frame.empty_state(
        "**See what a model gets wrong, and where it looked.**  \n"
        "The demo paints some 650 synthetic phantoms and brings a model that was trained on them. "
        "It takes a minute or two and needs no download.",
        "Prepare the demo",
    ):
        submit("demo")
    add_folder(expanded=trouble is not None)


def submit(kind: str, **arguments: str) -> None:
    """Start a job and show it."""
    jobs.submit(frame.workspace(), kind, arguments)
    st.rerun()


def lines(found: list[Dataset], known: list[Run], standing: pd.DataFrame) -> None:
    """Say in three lines what is here."""
    images = "<br>".join(
        f"<b>{counted(data.images, 'image')}</b> of {counted(data.cases, 'case')} in "
        f"{html.escape(data.root.name)}"
        + (f" · {frame.PHANTOM.rstrip('.').lower()}" if data.phantom else "")
        + (f" · {counted(data.problems, 'problem')}" if data.problems else "")
        for data in found
    )
    if known:
        newest = known[0]
        wrong = mistakes(newest)
        tested = int((newest.predictions()["part"] == newest.tested_part).sum())
        run_line = (
            f"<b>{counted(len(known), 'run')}</b>, the newest {html.escape(frame.run_label(newest))}: "
            f"{len(wrong):,} of {counted(tested, 'image' if newest.folds else 'test image')} misclassified"
        )
    else:
        run_line = "No run yet"
    if len(standing):
        flagged = standing.loc[standing["action"] == "flag", "hash"].nunique()
        people = standing["reviewer"].nunique()
        review_line = (
            f"<b>{counted(standing['hash'].nunique(), 'image')} reviewed</b> by "
            f"{counted(people, 'reviewer')}, {flagged:,} flagged"
        )
    else:
        review_line = "Nothing reviewed yet"
    rows = (("Images", images), ("Runs", run_line), ("Reviews", review_line))
    st.html(
        '<div class="lines">' + "".join(f"<i>{what}</i><div>{line}</div>" for what, line in rows) + "</div>"
    )


def mistakes(run: Run) -> list[str]:
    """Return the hashes of the run's misclassified images, the most confident mistake first.

    They are test images, or those out of fold.
    """
    table = run.predictions()
    wrong = table[(table["part"] == run.tested_part) & (table["predicted"] != table["subtype"])]
    return wrong.sort_values("confidence", ascending=False)["hash"].tolist()


def strip(run: Run, images: list[str]) -> None:
    """Show a few images, each a link to its review."""
    links = (
        f'<a href="/review?run={quote(run.name)}&image={image}" target="_self">'
        f'<img src="/thumbnail/{image}" loading="lazy" alt="Review this image"></a>'
        for image in images
    )
    st.html(f'<div class="strip">{"".join(links)}</div>')


def next_step(found: list[Dataset], known: list[Run], standing: pd.DataFrame) -> None:
    """Suggest the one thing to do next."""
    text, button, page, address = step(found, known, standing)
    with st.container(key="next-step", horizontal=True, vertical_alignment="center", border=True):
        st.markdown(text)
        if st.button(button, type="primary"):
            st.switch_page(page, query_params=address)


def step(
    found: list[Dataset], known: list[Run], standing: pd.DataFrame
) -> tuple[str, str, str, dict[str, str]]:
    """Return the next step: what to say, the button, the screen and what stands in its address."""
    new = next((data for data in found if not any(run.phantom == data.phantom for run in known)), None)
    if new is not None:
        return (
            f"No model was trained on **{plain(new.root.name)}** yet.",
            "Train a model",
            "pages/train.py",
            {},
        )
    run = known[0]
    wrong = mistakes(run)
    left = len(set(wrong) - set(standing["hash"]))
    here = {"run": run.name}
    if left == len(wrong):
        return (
            f"The model got **{counted(left, 'test image')}** wrong. Look at them, the most confident first.",
            "Start reviewing",
            "pages/review.py",
            here,
        )
    if left:
        return (
            f"**{left:,} of {len(wrong):,}** mistakes are left to review.",
            "Go on reviewing",
            "pages/review.py",
            here,
        )
    flagged = set(standing.loc[standing["action"] == "flag", "hash"])
    if flagged - set(run.excluded):
        return (
            f"All mistakes are reviewed, **{counted(len(flagged), 'image')}** flagged. "
            "Train again without them and see whether it helps.",
            "Retrain without flagged images",
            "pages/flags.py",
            here,
        )
    here["view"] = "Review"
    return "All mistakes are reviewed.", "See what the review explains", "pages/results.py", here


def data_folds(data: Dataset) -> None:
    """Show, folded away, a data set's problems and its counts beside the published ones."""
    problems = datasets.load_problems(frame.workspace(), data.id)
    name = plain(data.root.name)
    if len(problems):
        with st.expander(f"Problems in {name}: {len(problems):,}", icon=":material/report:"):
            kinds = problems["kind"].value_counts()
            st.caption(" · ".join(f"{kind} {many:,}" for kind, many in kinds.items()))
            st.dataframe(
                problems,
                hide_index=True,
                column_config={"path": "File", "kind": "Problem", "reason": "Reason"},
            )
    if not data.phantom:
        with st.expander(f"{name} beside the published counts", icon=":material/table:"):
            published_counts(data, problems)


def published_counts(data: Dataset, problems: pd.DataFrame) -> None:
    """Show the number of images found and published, by sub-type and magnification."""
    images = datasets.load_images(frame.workspace(), data.id)
    whole = catalogue.Catalogue(data.root, images, problems, data.phantom)
    table, held = catalogue.counts(whole), catalogue.groups(whole).set_index("subtype")
    differs = int((table["difference"] != 0).sum())
    differs += sum(int((held[what] != held[f"published_{what}"]).sum()) for what in ("slides", "cases"))
    st.caption(
        "As published."
        if not differs
        else f"{differs} of {len(table) + 2 * len(held)} counts differ from the published ones."
    )
    rows = []
    for code in CODES:
        one = table[table["subtype"] == code].set_index("magnification")
        cells = {
            f"{power}×": f"{one.loc[power, 'found']} of {one.loc[power, 'published']}"
            for power in MAGNIFICATIONS
        }
        for what in ("slides", "cases"):
            cells[what.capitalize()] = f"{held.loc[code, what]} of {held.loc[code, f'published_{what}']}"
        rows.append({"Sub-type": subtype(code).name, **cells})
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def add_folder(expanded: bool) -> None:
    """Let the person add a folder of images."""
    with st.expander(
        "Add a folder of BreakHis images", icon=":material/create_new_folder:", expanded=expanded
    ):
        wanted = frame.workspace().settings.data
        with st.form("add-folder", border=False):
            path = st.text_input(
                "Folder on the machine that runs this app", value="" if wanted is None else str(wanted)
            )
            added = st.form_submit_button("Catalogue the images")
        if added:
            try:
                check_folder(path)
            except InputError as error:
                st.error(plain(str(error)))
            else:
                submit("catalogue", root=str(Path(path).expanduser()))
        st.markdown(HOW_TO_GET)


def check_folder(path: str) -> None:
    """Refuse a folder that cannot be catalogued before a job is started for it."""
    if not path.strip():
        raise InputError("Write the path of a folder, such as /data/BreaKHis_v1.")
    root = Path(path.strip()).expanduser()
    trouble = datasets.folder_trouble(root)
    if trouble:
        raise InputError(trouble)
    catalogue.find_breast_folder(root)


main()
