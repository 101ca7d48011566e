"""What is planned for a photo, by its row and its results; no photo is coloured."""

from dataclasses import replace

import pytest

from photochrom.batch import Ledger, Record, State
from photochrom.batch.planning import NOTHING, Planner, earlier_outputs, settle
from photochrom.batch.work import Outcome
from photochrom.errors import PhotoError
from photochrom.photo.naming import Naming

HERE = "/scans"
SEEN = (100, 7)
"""Size and time of the photo."""
MADE = (5000, 9)
"""Size and time of its result."""


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as opened:
        yield opened


def plan(ledger, there=None, path="a.jpg", seen=SEEN, root=HERE, digest="one", **options):
    """Plan one photo; there: what lies in the folder of results."""
    chosen = {
        "roots": {root: root}, "results": "out", "naming": Naming(), "overwrite": False,
        "retry_failed": False,
    } | options  # fmt: skip
    planner = Planner(ledger, digest, lambda name: (there or {}).get(name, NOTHING),
                      root=root, **chosen)  # fmt: skip
    return planner.plan(path, *seen)


def known(ledger, state, outputs=(("a.color.jpg", *MADE),), **changes):
    record = Record("a.jpg", HERE, state, "one", *SEEN, sha256="abc", outputs=outputs)
    ledger.settle(replace(record, **changes))


def test_a_new_photo(ledger):
    made = plan(ledger)
    assert (made.todo, made.overwrite, made.known) == (True, False, None)
    assert made.record.outputs == (("a.color.jpg", *NOTHING),)
    assert made.record.state is State.WAITING


def test_what_is_done_needs_nothing(ledger):
    known(ledger, State.DONE)
    made = plan(ledger, {"a.color.jpg": MADE})
    assert (made.todo, made.new, made.record.state) == (False, False, State.DONE)


@pytest.mark.parametrize("place", ["a.color.jpg", "a.color-1.jpg"])
def test_a_file_of_somebody_elses_is_refused_before_a_row_is_written(ledger, place):
    made = plan(ledger, {place: MADE})
    assert (made.todo, made.record.state, made.record.reason) == (
        False, State.FAILED, "OutputExistsError"
    )  # fmt: skip
    assert made.record.error.startswith(f"out/{place}: exists already; add overwrite=True")
    assert plan(ledger, {place: MADE}, overwrite=True).overwrite


def test_a_waiting_row_owns_what_it_was_about_to_write_and_no_more(ledger):
    """After a kill; the result may have got its name just before."""
    known(ledger, State.WAITING, outputs=(("a.color.jpg", *NOTHING),))
    again = plan(ledger, {"a.color.jpg": MADE})
    assert (again.todo, again.overwrite) == (True, True)
    other = plan(ledger, {"a.color.png": MADE}, naming=Naming(suffix=".png"), digest="two")
    assert (other.todo, other.record.reason) == (False, "OutputExistsError")


def test_another_format_does_not_own_what_lies_there(ledger):
    known(ledger, State.DONE)
    there = {"a.color.jpg": MADE, "a.color.png": (1, 1)}
    assert not plan(ledger, there, naming=Naming(suffix=".png"), digest="two").todo
    made = plan(ledger, {"a.color.jpg": MADE}, naming=Naming(suffix=".png"), digest="two")
    assert made.todo
    assert ("a.color.jpg", *MADE) in made.record.outputs


def test_a_result_that_a_person_changed_stays(ledger):
    known(ledger, State.DONE)
    made = plan(ledger, {"a.color.jpg": (5001, 9)})
    assert (made.todo, made.record.state) == (False, State.FAILED)
    assert "was changed since it was made" in made.record.error
    assert made.record.outputs == (("a.color.jpg", *MADE),)  # and is known still


@pytest.mark.parametrize(
    ("change", "unchanged"),
    [({"seen": (101, 8)}, "abc"), ({"digest": "two"}, None)],
)
def test_what_changed_is_done_again(ledger, change, unchanged):
    known(ledger, State.DONE)
    made = plan(ledger, {"a.color.jpg": MADE}, **change)
    assert (made.todo, made.overwrite, made.known) == (True, True, unchanged)


def test_a_failure_does_not_lose_the_old_result(ledger):
    known(ledger, State.DONE)
    there = {"a.color.jpg": MADE}
    made = plan(ledger, there, digest="two")
    failed = Outcome(state="failed", reason="PhotoError", fault=PhotoError(None, "x"))
    row = settle(made.record, failed, earlier_outputs(made.record, failed))
    assert row.outputs == (("a.color.jpg", *MADE),)
    ledger.settle(row)
    assert plan(ledger, there, digest="two", retry_failed=True).todo


def test_a_root_that_moved_is_the_same(ledger):
    known(ledger, State.DONE)
    made = plan(ledger, {"a.color.jpg": MADE}, root="/elsewhere/scans")
    assert (made.todo, made.record.state) == (False, State.DONE)


def test_the_same_name_in_another_root_of_the_job_is_refused(ledger):
    known(ledger, State.DONE)
    made = plan(ledger, {"a.color.jpg": MADE}, root="/more", roots={"/more": "more", HERE: "scans"})
    assert (made.todo, made.new) == (False, False)  # the row is the other's
    assert made.record.error == "more/a.jpg: would have the same result as scans/a.jpg; rename one"


def test_two_photos_with_one_result(ledger):
    planner = Planner(
        ledger,
        "one",
        lambda _: NOTHING,
        root=HERE,
        roots={HERE: HERE},
        results="out",
        naming=Naming(suffix=".png"),
        overwrite=False,
        retry_failed=False,
    )
    assert planner.plan("a.jpg", *SEEN).todo
    assert planner.plan("a.tif", *SEEN).record.reason == "OutputExistsError"
    assert planner.plan("sub/a.tif", *SEEN).todo


def test_what_was_cut_off_may_have_been_written(ledger):
    made = plan(ledger)
    died = Outcome(state="failed", reason="WorkerDied", fault=PhotoError(None, "x"))
    assert earlier_outputs(made.record, died) == (("a.color.jpg", *NOTHING),)
    assert earlier_outputs(made.record, Outcome(state="failed", reason="PhotoError")) == ()
