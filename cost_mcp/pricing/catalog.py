"""The catalog: what a model costs at a time, and the charges of a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from cost_mcp.errors import ConfigError, InvalidInput
from cost_mcp.model.call import SERVICE_TIERS, Call
from cost_mcp.model.charge import AGENTS, FREE, LIST, OVERRIDE, STATED, UNPRICED, Charge, Pricing
from cost_mcp.model.money import MAX_CALL_USD, nanos, usd, usd_text
from cost_mcp.model.provider import canonical_provider
from cost_mcp.pricing.book import LAYERS, PACKAGED, Book, BookText
from cost_mcp.pricing.charging import Charged, charges
from cost_mcp.pricing.damage import Damage
from cost_mcp.pricing.library import Library
from cost_mcp.pricing.listing import Listing, in_force, listed_prices
from cost_mcp.pricing.packaged import packaged_books, read_supplement
from cost_mcp.pricing.rate import Entry
from cost_mcp.pricing.residency import placed
from cost_mcp.pricing.resolving import STANDARD, build_rule
from cost_mcp.pricing.rule import Rule
from cost_mcp.pricing.shelf import Shelf
from cost_mcp.pricing.supplement import Supplement

Asked = tuple[str | None, str, str]
"""What a price was asked for: provider (or None), model, service tier."""

MAX_RULES = 4096
MAX_SPANS = 32
"""Questions remembered, and spans of time per question: a year of calls at prices by the hour is not kept."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No price: why, as a sentence, and up to three names to try instead."""

    why: str
    nearest: tuple[str, ...] = ()


class Catalog:
    """Every price book in its order, and the rules resolved from them so far.

    ``warnings`` are what is worth a look in the given books but counts.
    """

    def __init__(self, shelf: Shelf, damage: Damage, warnings: tuple[str, ...] = ()) -> None:
        self.warnings = warnings
        self._shelf = shelf
        self._damage = damage
        self._rules: dict[Asked, list[Rule]] = {}
        self._unknown: dict[tuple[str | None, str], Unknown] = {}

    @property
    def problems(self) -> tuple[ConfigError, ...]:
        """Why given books or entries of them do not count, each with its file and where it can be told its line.

        Damaged tables are among them once a price was asked for.
        """
        return self._damage.problems

    def resolve(self, provider: str | None, model: str, tier: str, at: datetime) -> Rule | Unknown:
        """The rule for a model in a service tier at an instant; the same question is answered from memory.

        Without a provider the model's prefix decides, else the provider whose family it belongs to, else the one provider
        that lists exactly this name.
        """
        known = None if provider is None else canonical_provider(provider)
        key = (known, model, tier)
        for rule in self._rules.get(key, ()):
            if rule.covers(at):
                return rule
        if (known, model) in self._unknown:
            return self._unknown[known, model]
        rule = build_rule(self._shelf.sightings(known, model), tier, at)
        if rule is None:
            listed = next(self._shelf.sightings(known, model), None)
            return self._unknown_model(known, model) if listed is None else _without_price(listed.entry)
        self.remember(key, rule)
        return rule

    def remember(self, asked: Asked, rule: Rule) -> None:
        """Take a rule that these very books resolved before, so that they need not be opened to answer the question again."""
        if len(self._rules) >= MAX_RULES:
            self._rules.clear()
        remembered = self._rules.setdefault(asked, [])
        remembered.insert(0, rule)
        del remembered[MAX_SPANS:]

    def remembered(self) -> tuple[tuple[Asked, Rule], ...]:
        """Every rule resolved or taken so far, with the question it answers."""
        return tuple((asked, rule) for asked, rules in self._rules.items() for rule in reversed(rules))

    def price(self, call: Call) -> Pricing:
        """What a call costs; a model without a price gives ``unpriced`` with the nearest names, never an error.

        The model asked for decides; where it has no price, the model the response names does.

        Raises:
            InvalidInput: the usage would cost more than any one call can.
        """
        found = self.resolve(call.provider, call.model, call.service_tier, call.occurred_at)
        if isinstance(found, Unknown) and call.response_model is not None:
            answered = self.resolve(call.provider, call.response_model, call.service_tier, call.occurred_at)
            found = found if isinstance(answered, Unknown) else answered
        if isinstance(found, Unknown):
            listed, partial = _unpriced(found), False
        else:
            found, unknown = placed(found, call)
            charged = charges(call.usage, found)
            if unknown:
                charged = replace(charged, warnings=(*charged.warnings, *unknown), partial=True)
            listed, partial = _listed(call, found, charged), charged.partial
        rule = found if isinstance(found, Rule) and listed.cost_usd is not None else None
        if told := self._damage.told(rule):
            listed = replace(listed, warnings=(*listed.warnings, *told))
        if call.stated_cost_usd is None:
            return listed
        return _with_stated(call, call.stated_cost_usd, listed, partial=partial)

    def listing(self, model: str, provider: str | None, at: datetime) -> Listing:
        """Every price the books have for a model, and the entry a standard call at ``at`` would be charged by."""
        known = None if provider is None else canonical_provider(provider)
        found = self.resolve(known, model, STANDARD, at)
        asked = Listing(asked_model=model, asked_provider=known, at=at)
        prices = tuple(listed_prices(self._shelf.sightings(known, model), at))
        broken = self._damage.sentences()
        if isinstance(found, Unknown):
            return replace(asked, prices=prices, nearest=found.nearest, warnings=(found.why, *broken))
        rules = [self.resolve(known, model, tier, at) for tier in SERVICE_TIERS]
        charged = [in_force(rule, prices) for rule in rules if isinstance(rule, Rule)]
        return replace(
            asked,
            provider=found.provider,
            model=found.model,
            prices=prices,
            in_force=tuple(tier for tier in charged if tier is not None),
            entry=found.entry(0),
            warnings=(*found.warnings, *broken),
        )

    def rivals(self, provider: str, tokens: int) -> tuple[tuple[str, str], ...]:
        """The (provider, model) pairs that may do the work of a text call of so many tokens, the provider's own first."""
        return self._shelf.rivals(provider, tokens)

    def _unknown_model(self, provider: str | None, model: str) -> Unknown:
        key = (provider, model)
        if key not in self._unknown:
            if len(self._unknown) >= MAX_RULES:
                self._unknown.clear()
            nearest = self._shelf.nearest(provider, model)
            where = "in the price books" if provider is None else f"for provider {provider}"
            hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
            self._unknown[key] = Unknown(f"model has no price {where}; its cost is not known.{hint}", nearest)
        return self._unknown[key]


def open_catalog(
    books: Sequence[BookText] = (), *, tables: Callable[[], Library] = Library, problems: Sequence[ConfigError] = ()
) -> Catalog:
    """A catalog of the packaged prices and the given books over them (project over user over packaged).

    Nothing heavy is imported or read before the first question that needs it.

    Args:
        books: each with its layer; of one layer the later one wins.
        tables: gives the first tables; a user's newer ones in place of the installed library's.
        problems: why other books could not even be read; kept with what is found broken in these.
    """
    shelved: list[Book] = []
    broken: list[ConfigError] = list(problems)
    warnings: list[str] = []
    for layer in reversed(LAYERS[1:]):
        for book in reversed([book for book in books if book.layer == layer]):
            from cost_mcp.pricing.parsing import parse_book  # brings in yaml: only when there is a book

            parsed = parse_book(book.text, book.file, layer=layer)
            shelved.append(Book(layer, parsed.entries.__iter__))
            broken += parsed.problems
            warnings += parsed.warnings
    shelved.append(Book(PACKAGED, packaged_books))
    damage = Damage(tuple(broken), tables)
    return Catalog(Shelf(shelved, damage.open_tables, Supplement(read_supplement)), damage, tuple(warnings))


def _without_price(entry: Entry) -> Unknown:
    return Unknown(f"{entry.provider} {entry.model} is listed without a price per token at that time; its cost is not known.")


def _unpriced(unknown: Unknown) -> Pricing:
    return Pricing(priced=UNPRICED, cost_usd=None, warnings=(unknown.why,), nearest=unknown.nearest)


def _listed(call: Call, rule: Rule, charged: Charged) -> Pricing:
    """The call at the rule's prices; unpriced when tokens were used that the rule has no price for."""
    entry = rule.entry(call.usage.input_tokens)
    warnings = (*rule.warnings, *charged.warnings)
    if charged.missing:
        gap = f"{rule.book} has no price for {', '.join(charged.missing)} tokens of this model; the cost is not known."
        return Pricing(
            priced=UNPRICED, cost_usd=None, provider=rule.provider, model=rule.model, entry=entry, warnings=(*warnings, gap)
        )
    cost = charged.cost_usd
    if cost > MAX_CALL_USD:
        raise InvalidInput(
            f"usage comes to more than {MAX_CALL_USD:,f} USD, the most one call may cost.",
            field="usage",
            hint="Check its unit: tokens of one call.",
        )
    return Pricing(
        priced=_state(rule, charged),
        cost_usd=cost,
        list_cost_usd=cost,
        charges=charged.charges,
        partial=charged.partial,
        provider=rule.provider,
        model=rule.model,
        entry=entry,
        warnings=warnings,
    )


def _state(rule: Rule, charged: Charged) -> str:
    if not any(rate.base or rate.steps for rate in rule.rates.values()) and not charged.warnings:
        return FREE
    return OVERRIDE if rule.override else LIST


def _with_stated(call: Call, stated: Decimal, listed: Pricing, *, partial: bool) -> Pricing:
    """The stated cost counts, except where an agent states less than the list price of its own call.

    Where there is no list price to hold an agent's word against, or not a whole one, its word counts as a lower bound: the
    call is marked like one of which a part is unpriced. Beside a stated cost the list cost is kept only where it is whole: a
    lower bound of it would pass for the list price.
    """
    cost = usd(nanos(stated))
    if call.source == AGENTS and listed.list_cost_usd is not None and cost < listed.list_cost_usd:
        told = f"The stated cost {usd_text(cost)} USD is below list: {usd_text(listed.list_cost_usd)} USD counts."
        return replace(listed, warnings=(*listed.warnings, told))
    charge = Charge(meter="stated", quantity=1, unit_price_usd=cost, cost_usd=cost)
    whole = None if partial else listed.list_cost_usd
    counted = replace(listed, priced=STATED, cost_usd=cost, list_cost_usd=whole, charges=(charge,), partial=False)
    if whole is not None:
        return replace(counted, nearest=(), warnings=tuple(f"List cost: {warning}" for warning in listed.warnings))
    if call.source == AGENTS:
        return counted.unchecked()
    return replace(counted, nearest=(), warnings=())  # what the books lack no longer matters: the cost is known
