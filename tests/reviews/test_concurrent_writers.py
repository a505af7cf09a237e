import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

from breakhis_core import reviews

PROCESS = textwrap.dedent(
    """
    import sys
    from breakhis_core import reviews
    from breakhis_core.workspace import Workspace
    workspace = Workspace.open()
    for number in range(40):
        reviews.flag(workspace, sys.argv[1], f"{number:032x}", "staining")
        if number % 4 == 3:
            reviews.undo(workspace, sys.argv[1])
    """
)


def _write(workspace, reviewer, images):
    for number in range(images):
        reviews.flag(workspace, reviewer, f"{number:032x}", "staining", f"note {number}")
        reviews.answers_on(workspace, f"{number:032x}")


def test_twenty_threads_and_three_processes_lose_nothing(any_workspace):
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, f"process {number}"], stderr=subprocess.PIPE)
        for number in range(3)
    ]
    with ThreadPoolExecutor(20) as pool:
        writers = [pool.submit(_write, any_workspace, f"thread {number}", 15) for number in range(20)]
        for writer in writers:
            writer.result()
    for process in processes:
        assert process.wait() == 0, process.stderr.read().decode()
        process.stderr.close()
    standing = reviews.standing(any_workspace)
    counts = standing.groupby("reviewer").size().to_dict()
    expected = {f"thread {number}": 15 for number in range(20)} | {f"process {n}": 30 for n in range(3)}
    assert counts == expected
    assert reviews.version(any_workspace) == 20 * 15 + 3 * 50


ANSWERING = textwrap.dedent(
    """
    from breakhis_core import reviews
    from breakhis_core.workspace import Workspace
    workspace = Workspace.open()
    number = 0
    while True:
        reviews.flag(workspace, "ada", f"{number:032x}", "staining")
        print(number, flush=True)
        number += 1
    """
)


def test_every_answered_click_survives_a_kill(any_workspace):
    process = subprocess.Popen([sys.executable, "-c", ANSWERING], stdout=subprocess.PIPE, text=True)
    answered = [int(process.stdout.readline()) for _ in range(25)]
    process.kill()
    answered += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    standing = set(reviews.standing(any_workspace)["hash"])
    assert {f"{number:032x}" for number in answered} <= standing
    assert len(standing) <= len(answered) + 1
