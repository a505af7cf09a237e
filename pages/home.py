"""Home: what is here, and what should I do next?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

import streamlit as st
from markupsafe import Markup, escape

from breakhis_core import jobs, reviews, runs
from breakhis_core.errors import InputError
from breakhis_core.images import catalogue, datasets
from breakhis_core.images.datasets import Dataset
from breakhis_core.jobs import Job
from breakhis_core.jobs import words as job_words
from breakhis_core.jobs.next_step import Do, Step, next_step, reviewed, run_in_focus
from breakhis_core.jobs.retraining import learnt_part
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.wording import PHANTOMS, counted
from pages.parts.home import data_folds
from pages.parts.shared import frame, guard, identity, job_bar
from pages.parts.shared.markdown import plain

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
    if any([job_bar.show("demo"), job_bar.show("catalogue")]) and not found:
        return
    trouble = trouble_with_data(found)
    if trouble:
        st.warning(plain(trouble))
    if not found:
        first_start(trouble)
        return
    known, refused = runs.list_runs(workspace.models)
    lines(found, known, run_in_focus(workspace, known))
    work_in_progress()
    step = next_step(workspace, found, known, frame.reviewer())
    next_to_do(step)
    strip(step)
    if identity.is_guest(frame.reviewer()):
        with st.container(width=420):
            identity.ask(
                workspace, "Who is reviewing? Asked once; your answers carry this name.", key="reviewer-home"
            )
    for run in refused:
        st.warning(f"This run cannot be used. {plain(run.reason)}")
    for data in found:
        data_folds.show(data)
    add_folder(expanded=False)


def trouble_with_data(found: list[Dataset]) -> str | None:
    """Return what is wrong with the folder that the settings name, or with one that was catalogued."""
    wanted = frame.workspace().settings.data
    if wanted is not None:
        trouble = datasets.folder_trouble(wanted, known=_is_known(wanted, found))
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


def lines(found: list[Dataset], known: list[Run], focus: Run | None) -> None:
    """Say in three lines what is here."""
    images = Markup("<br>").join(
        Markup("<b>{}</b> of {} in {}{}{}").format(
            counted(data.images, "image"),
            counted(data.cases, "case"),
            data.root.name,
            f" · {PHANTOMS}" if data.phantom else "",
            f" · {counted(data.problems, 'problem')}" if data.problems else "",
        )
        for data in found
    )
    rows = [("Images", images)]
    if focus is None:
        rows += [("Runs", Markup("No run yet")), ("Reviews", Markup("Nothing to review yet"))]
    else:
        rows += [("Runs", run_line(known, focus)), ("Reviews", review_line(focus))]
    show_lines(rows)


def show_lines(rows: list[tuple[str, Markup]]) -> None:
    """Show lines, each behind what it is about."""
    lines = Markup().join(Markup("<i>{}</i><div>{}</div>").format(what, line) for what, line in rows)
    st.html(Markup('<div class="lines">{}</div>').format(lines))


def run_line(known: list[Run], run: Run) -> Markup:
    """Return how many runs there are, and how many mistakes the one in focus made."""
    table = run.predictions()
    tested = table[table["part"] == run.tested_part]
    wrong = int((tested["predicted"] != tested["subtype"]).sum())
    which = ", the newest" if run is known[0] else ";"
    many = counted(len(tested), "image" if run.folds else "test image")
    return Markup("<b>{}</b>{} {}: {:,} of {} of {} misclassified").format(
        counted(len(known), "run"), which, frame.run_label(run), wrong, many, about(run)
    )


def review_line(run: Run) -> Markup:
    """Return how far one got oneself; what all said only to who has looked at every mistake."""
    mine = reviewed(frame.workspace(), run, frame.reviewer())
    words = Markup("{} on {}: <b>{}</b>").format(run.name, about(run), mine.words)
    if mine.left:
        return words
    said = reviews.standing(frame.workspace())
    said = said[said["hash"].isin(scope_of(frame.workspace(), run).hashes)]
    flagged = said.loc[said["action"] == "flag", "hash"].nunique()
    return words + (
        f" · {counted(said['hash'].nunique(), 'image')} reviewed by "
        f"{counted(said['reviewer'].nunique(), 'reviewer')}, {flagged:,} flagged"
    )


def about(run: Run) -> str:
    """Return the name of the images that a run is about."""
    return scope_of(frame.workspace(), run).name


def work_in_progress() -> None:
    """Say in one line what runs and what waits; while something does, anew every two seconds."""
    active = jobs.active(frame.workspace())
    if active:
        guard.fragment(_work, run_every=2.0)(frozenset(job.id for job in active))


def _work(before: frozenset[int]) -> None:
    active = jobs.active(frame.workspace())
    if before - {job.id for job in active}:
        st.rerun()  # What has ended may have changed what is here.
    bars = [job_bar.latest(kind) for kind in ("demo", "catalogue")]
    links = [work_link(job) for job in active if job not in bars]
    if links:
        show_lines([("In progress", Markup(" · ").join(links))])


def work_link(job: Job) -> Markup:
    """Return a job in words, as a link to the screen that shows it."""
    screen = {
        "train": "train",
        "sweep": "sweeps",
        "maps": f"review?run={quote(str(job.arguments.get('run')))}",
    }
    words = job_words.in_words(job)
    if job.kind not in screen:
        return escape(words)
    return Markup('<a href="/{}" target="_self">{}</a>').format(screen[job.kind], words)


def next_to_do(step: Step) -> None:
    """Suggest the one thing to do next."""
    with st.container(key="next-step", horizontal=True, vertical_alignment="center", border=True):
        st.markdown(plain(step.words))
        if step.do is Do.LEARNT and st.button(Do.OUTCOME.value, type="tertiary"):
            go_to(replace(step, do=Do.OUTCOME))
        if st.button(step.label, type="primary"):
            go_to(step)


def go_to(step: Step) -> None:
    """Go to the screen of a step."""
    page, address = where(step)
    st.switch_page(page, query_params=address)


def where(step: Step) -> tuple[str, dict[str, str]]:
    """Return the screen of a step and what stands in its address."""
    if step.run is None:
        return "pages/train.py", {}
    here = {"run": step.run.name}
    if step.do is Do.RETRAIN:
        return "pages/flags.py", here
    if step.do is Do.OUTCOME:
        return "pages/results.py", {**here, "view": "Review"}
    if step.do is Do.LEARNT:
        return "pages/review.py", {**here, "part": learnt_part(step.run)}
    return "pages/review.py", {**here, "show": "suspects" if step.do is Do.SUSPECTS else "mixed"}


def strip(step: Step) -> None:
    """Show a few images that the step is about, under their name; an image to review is a link there."""
    if step.data is not None:
        images, name, phantom = a_few(step.data), step.data.root.name, step.data.phantom
        links = [f"<span>{thumbnail(image, '')}</span>" for image in images]
        said = f"Images of {name}"
    elif step.run is not None and step.images:
        phantom, address = step.run.phantom, where(step)[1]
        links = [
            f'<a href="/review?{urlencode({**address, "image": image})}" target="_self">'
            f"{thumbnail(image, 'Review this image')}</a>"
            for image in step.images[:STRIP]
        ]
        said = f"Images of {about(step.run)} that you have not reviewed"
    else:
        return
    st.caption(plain(f"{said}. {PHANTOMS.capitalize()}." if phantom else said))
    st.html(f'<div class="strip">{"".join(links)}</div>')


def thumbnail(image: str, words: str) -> str:
    """Return a small picture."""
    return f'<img src="/thumbnail/{image}" loading="lazy" alt="{words}">'


@st.cache_data(max_entries=8, show_spinner=False)
def _a_few(dataset: int, catalogued_at: str) -> list[str]:
    images = datasets.load_images(frame.workspace(), dataset)
    images = images[images["status"] == "usable"]
    return images.drop_duplicates("subtype")["hash"].head(STRIP).tolist()


def a_few(data: Dataset) -> list[str]:
    """Return a few images of a data set, each of another sub-type."""
    return _a_few(data.id, data.catalogued_at)


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


def _is_known(folder: Path, found: list[Dataset]) -> bool:
    return folder.resolve() in [data.root for data in found]


def check_folder(path: str) -> None:
    """Refuse a folder that cannot be catalogued before a job is started for it."""
    if not path.strip():
        raise InputError("Write the path of a folder, such as /data/BreaKHis_v1.")
    root = Path(path.strip()).expanduser()
    trouble = datasets.folder_trouble(root, known=_is_known(root, datasets.datasets(frame.workspace())))
    if trouble:
        raise InputError(trouble)
    catalogue.find_breast_folder(root)


main()
