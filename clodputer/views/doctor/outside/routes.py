"""What the doctor looks at of routes: tasks that are not there, circles, and events that led to no request."""

from __future__ import annotations

from clodputer.model.follow import graph
from clodputer.model.follow.keys import most
from clodputer.model.text.plural import counted
from clodputer.model.triggers import route as routing
from clodputer.tasks import taskfile
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem
from clodputer.views.incoming.routing import made_room, made_room_words, unrouted
from clodputer.views.incoming.routing import problem as problem_of


def routes(facts: Facts) -> list[Finding]:
    """Routes to tasks that are not there, circles of tasks by way of routes, and events that are kept."""
    known = routing.routes(facts.settings.routes)
    names = taskfile.names(facts.home)
    found: list[Finding] = []
    for place, one in enumerate(known):
        wrong = problem_of(one, names)
        if wrong:
            remedy = f"Correct routes in {facts.home.config}, or make the task: clodputer new {one.to}"
            found += problem("routes", f"routes[{place}]: {wrong}", remedy)
    edges = dict(graph.edges(facts.tasks))
    for one in known:
        if one.sender in edges:
            edges[one.sender] = (*edges[one.sender], one.to)
    for one in known:
        way = graph.circle(one.sender, edges) if one.sender in edges and one.to in edges else ()
        if way and one.to in way:
            deep = most(facts.settings.follow_ups).depth
            message = f"tasks start each other in a circle: {' > '.join(way)}; it ends after {deep} rounds"
            found += note("routes", message, "Check whether you want that.")
    kept = unrouted(facts.home)
    if kept:
        first, number = kept[0], sum(one.number for one in kept)
        message = (
            f"{counted(number, 'event')} led to no request in 30 days, most often {first.type} from {first.sender} "
            f"({first.reason}){made_room_words(made_room(facts.home, facts.now))}"
        )
        found += note("routes", message, "See them: clodputer route events")
    return found or ok("routes", counted(len(known), "route"))
