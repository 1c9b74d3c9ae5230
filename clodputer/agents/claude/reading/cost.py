"""What a run of `claude` has spent, out of figures that add up over a whole session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.agents.claude.reading.stream import Notes
from clodputer.agents.claude.reading.tokens import CLASSES
from clodputer.agents.lines import amount, count, mapping
from clodputer.model.run import Facts

# The names of `modelUsage` and ours, which are those of the Messages API.
NAMES = {
    "input_tokens": "inputTokens",
    "output_tokens": "outputTokens",
    "cache_creation_input_tokens": "cacheCreationInputTokens",
    "cache_read_input_tokens": "cacheReadInputTokens",
}


class Spent(NamedTuple):
    """This run's share, and the session's figures so far, for the next run to subtract.

    estimated: claude gave no figure, and the cost is that of the tokens in its stream by the list of prices: at least so much.
    """

    cost_usd: Optional[float]
    usage: Mapping[str, int]
    totals: Mapping[str, Any]
    estimated: bool = False


def spent(facts: Facts, session_id: str, notes: Notes) -> Spent:
    """What the run has spent.

    `total_cost_usd` and `modelUsage` go on counting when a session is resumed (2.1.329), so the session's
    earlier figures, which its last record kept, are taken off. Smaller figures mean that the count started again.
    """
    last = facts.last or {}
    before = (
        mapping(last.get("session_totals")) if session_id and last.get("session_id") == session_id else {}
    )
    if notes.result is None:
        # The next run's difference must not have this one's share in it and the earlier ones' too.
        usage = notes.tokens.usage
        if not any(usage.values()):
            return Spent(None, usage, before)
        estimate = round(notes.tokens.cost, 6)
        totals = {"models": {}, **before, "cost_usd": (amount(before.get("cost_usd")) or 0.0) + estimate}
        return Spent(estimate, usage, totals, estimated=True)
    cost, models = amount(notes.result.get("total_cost_usd")), _models(notes.result)
    totals = {"cost_usd": cost, "models": models}
    earlier_cost = amount(before.get("cost_usd")) or 0.0
    earlier = {name: mapping(figures) for name, figures in mapping(before.get("models")).items()}
    began_anew = (cost or 0.0) < earlier_cost or any(
        _of(models, model, name) < _of(earlier, model, name) for model in earlier for name in CLASSES
    )
    if began_anew:
        earlier_cost, earlier = 0.0, {}
    usage = {
        name: sum(_of(models, model, name) - _of(earlier, model, name) for model in models)
        for name in CLASSES
    }
    if not models:
        usage = dict(notes.result["usage"])
    return Spent(None if cost is None else round(cost - earlier_cost, 10), usage, totals)


def _models(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    models: dict[str, dict[str, Any]] = {}
    for model, figures in mapping(result.get("modelUsage")).items():
        known = mapping(figures)
        models[model] = {name: count(known.get(theirs)) or 0 for name, theirs in NAMES.items()}
        models[model]["cost_usd"] = amount(known.get("costUSD"))
    return models


def _of(models: Mapping[str, Mapping[str, Any]], model: str, name: str) -> int:
    return count(models.get(model, {}).get(name)) or 0
