"""Change points, found where they are known to be and nowhere else, and the suspects named with them."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.learning import changes as points
from clodputer.model.learning.changes import COST, DURATION, LEAST, SUCCESS, Suspect, changes, pettitt
from tests.model.learning.past import past

# The yearly flow of the Nile at Aswan, 1871 to 1970; it changed after 1898, the 28th year (G. W. Cobb, Biometrika 1978).
NILE = """1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180 799 958 1140 1100 1210 1150 1250
1260 1220 1030 1100 774 840 874 694 940 833 701 916 692 1020 1050 969 831 726 456 824 702 1120 1100 832 764 821 768 845 864
862 698 845 744 796 1040 759 781 865 845 944 984 897 822 1010 771 676 649 846 812 742 801 1040 860 874 848 890 744 749 838
1050 918 986 797 923 975 815 1020 906 901 1170 912 746 919 718 714 740"""


def test_the_nile_changed_in_1898() -> None:
    values = [float(one) for one in NILE.split()]
    assert len(values) == 100
    place, p = pettitt(values)
    assert (place, p < 1e-5) == (28, True)
    assert [where for where, _ in points.split(values, points._differ)] == [28]


def test_a_sum_by_hand() -> None:
    """Of 1 2 3 4 5 6 with the change in the middle: K is 9, of the 9 pairs across it all rise."""
    place, p = pettitt([1, 2, 3, 4, 5, 6])
    assert place == 3
    assert round(p, 6) == 0.290711
    assert pettitt([5.0] * 20)[1] == 1.0


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=80))
def test_the_other_way_round_it_is_as_likely(values: list[float]) -> None:
    assert abs(pettitt(values)[1] - pettitt(values[::-1])[1]) < 1e-9
    found = points.split(values, points._differ)
    edges = [0, *(place for place, _ in found), len(values)]
    if found:
        assert min(after - before for before, after in zip(edges, edges[1:])) >= LEAST


def test_two_changes_and_what_changed_with_them() -> None:
    runs = [
        past(
            number,
            duration=[60.0, 180.0, 90.0][number // 20] + number % 7,
            version="2.1.300" if number < 20 else "2.1.321",
            prompt="aaaa" if number < 40 else "bbbb",
            cost_usd=0.1,
        )
        for number in range(60)
    ]
    found = changes(runs)
    assert [(one.what, one.run_id) for one in found] == [(DURATION, "run-20"), (DURATION, "run-40")]
    assert [one.suspects for one in found] == [
        (Suspect("version", "2.1.300", "2.1.321"),),
        (Suspect("prompt", "aaaa", "bbbb"),),
    ]
    assert (found[0].runs_before, found[0].runs_after) == (20, 20)
    assert 2.5 < found[0].after / found[0].before < 3.1


def test_success_and_costs_change_as_well() -> None:
    runs = [
        past(
            number,
            "completed" if number < 25 or number % 5 == 4 else "expect_unmet",
            cost_usd=0.5 if number < 25 else 0.1,
        )
        for number in range(50)
    ]
    found = {one.what: one for one in changes(runs)}
    assert set(found) == {SUCCESS, COST}
    assert (found[SUCCESS].before, found[SUCCESS].after) == (1.0, 0.2)
    assert (found[COST].before, found[COST].after) == (0.5, 0.1)
    assert found[COST].suspects == ()


def test_noise_is_no_change() -> None:
    """At most about one in a hundred series of noise is taken for a change; a small step is none, however certain."""
    dice = Random(4)
    seen = sum(
        bool(changes([past(n, duration=dice.lognormvariate(4, 0.5)) for n in range(60)])) for _ in range(60)
    )
    assert seen <= 4
    assert changes([past(n, duration=100.0 if n < 50 else 110.0) for n in range(100)]) == ()
    assert changes([past(n, duration=10.0 if n < 7 else 100.0) for n in range(14)]) == ()
    assert changes([]) == ()
