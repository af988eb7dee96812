"""The names one model goes by: what may be taken off a name without guessing, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cost_mcp.model.model_name import BEDROCK_MAKERS, DATE, REGIONS

_ALWAYS = (
    rf"[-@]{DATE}"
    r"|(?<=\d{8})-v\d+(?::\d+)?|-v\d+:\d+|:\d+"  # Bedrock's versions: -20250929-v1:0, :0
    r"|[-@]00\d|[-@]latest|@default"
)
_GOOGLES = (
    r"-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"  # -05-20
    r"|-(?:0[1-9]|1[0-2])-20\d{2}"  # -09-2025
)
_ENDINGS = re.compile(rf"(?:{_ALWAYS})$")
"""One date or version at the end of a name. Words (-preview, -high, -fast, -reasoning) are not versions: never taken off.

Neither are four digits (-0731, -2402) nor, but for Gemini, a month with a day or a year (-08-2024): they name another model,
at a price of its own, and count only where a table lists or matches them. No family is known to keep its price over them.

Source: genai-prices 0.2.3 prices mistral-large-2512 and 2411, deepseek-v4-flash-0731 and deepseek-v4-flash, and openrouter's
command-r-03-2024 and 08-2024 each on its own; its Gemini patterns take all dates of a preview. Read 2026-11-22.
"""

_GEMINI_ENDINGS = re.compile(rf"(?:{_ALWAYS}|{_GOOGLES})$")
_MATCHED_ENDINGS = re.compile(
    rf"(?:{_ALWAYS}|{_GOOGLES}"
    r"|-(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # -0709
    r"|-2[3-9](?:0[1-9]|1[0-2])"  # -2507, year and month
    r")$"
)
"""What a pattern of the tables may leave open at the end of a name that it matches as a whole."""

_REGION = re.compile(rf"^({'|'.join(REGIONS)})\.(?=[a-z0-9]+\.)")
_BEDROCK = re.compile(rf"^(?:(?:{'|'.join(REGIONS)})\.)?(?:{'|'.join(BEDROCK_MAKERS)})\.[a-z]")
_ARN = re.compile(r"^arn:aws[a-z-]*:(?:bedrock|sagemaker):[^/]*[:/](?:foundation-model|inference-profile)/(.+)$")
_COMPACT_DATE = re.compile(r"(?<=[-@])(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
_PATHS = re.compile(
    r"^(?:projects/[^/]+/locations/[^/]+/)?(?:publishers/[^/]+/)?models/|^(?:converse|converse_like|invoke|responses)/"
)
"""Path segments that say how a model is reached: models/, publishers/…/models/, converse/."""

_PLACES = re.compile(
    r"^(global|global-standard|us|eu|apac|[a-z]{2,3}(?:-gov)?-[a-z]+-?\d|[a-z]*(?:north|south|east|west|central)[a-z]*\d?)/"
)
"""Path segments that say where: us-east-1/, eu/, and Azure's swedencentral/, eastus2/. Prices may differ by place, so a name
listed with its place goes first."""

_ANYWHERE = frozenset({"global", "global-standard"})
_AT_HOME = frozenset({("aws", "us"), ("aws", "us-east-1")})
"""Where a price without a place was read.

Source: the price comments of the aws tables of genai-prices 0.2.3 ("AWS price list API (us-east-1)"). Read 2026-11-22.
"""

_VERSION = re.compile(r"-v\d+$")
_DOTTED = re.compile(r"(?<=\d)\.(?=\d)")


def looks_bedrock(name: str) -> bool:
    """Whether a name has the form of a Bedrock model id or ARN: ``us.anthropic.claude-…``, ``amazon.nova-…``.

    Source: the Bedrock ids listed by genai-prices 0.2.3 and litellm 1.109.1, read 2026-11-22.
    """
    lowered = name.lower()
    return bool(_BEDROCK.match(lowered) or lowered.startswith("arn:aws"))


def looks_vertex(name: str) -> bool:
    """Whether a Claude name has the form only Vertex AI uses: ``claude-…@20250929``, ``…@default``.

    Source: the Vertex AI ids listed by genai-prices 0.2.3 and litellm 1.109.1, read 2026-11-22.
    """
    lowered = name.lower()
    return lowered.startswith(("claude-", "publishers/", "projects/")) and ("@" in lowered or "publishers/" in lowered)


def folded(provider: str) -> str:
    """A provider's id as books are searched by it: lower case, underscores as hyphens."""
    return provider.lower().replace("_", "-")


def exact_spellings(name: str) -> tuple[str, ...]:
    """A name in lower case and the other ways of writing exactly the same one, nearest first.

    Paths and ARNs are reduced to the model in them; compact dates are also dashed; Claude Code's ``[1m]`` (a longer window,
    priced by the tokens used) is taken off; a fine-tuned model's owner and id are, for they do not change its price.
    """
    found = [name.lower()]
    for change in (_from_arn, _from_path, _fine_tuned, _window, _dashed_date, _undotted):
        found += [changed for spelled in list(found) if (changed := change(spelled)) != spelled]
    return tuple(dict.fromkeys(found))


def shorter_spellings(name: str) -> Iterator[str]:
    """The name with dates, versions and regions taken off its ends one after the other; not the name itself."""
    for placed in exact_spellings(name):
        if placed.startswith("ft:"):
            continue  # a fine-tuned snapshot is priced as that snapshot or not at all
        spelled = _PLACES.sub("", placed)
        if spelled != placed:
            yield spelled
        regionless = _REGION.sub("", spelled)
        if regionless != spelled and not spelled.startswith("global."):
            yield regionless
        for start in dict.fromkeys((spelled, regionless)):
            shorter = start
            endings = _GEMINI_ENDINGS if "gemini-" in shorter else _ENDINGS
            while (cut := endings.sub("", shorter)) != shorter:
                shorter = cut
                yield shorter


def unlisted_place(provider: str, name: str, listed: str) -> str | None:
    """The place a name asks for where the model a price was found under is not of that place; None where it is.

    A global deployment is the one without a place, unless only regional prices are listed (``regional.`` ids, which stand
    for every region).
    """
    for spelled in exact_spellings(name):
        if (found := _PLACES.match(spelled) or _REGION.match(spelled)) is None:
            continue
        place, model = found[1], listed.lower()
        regional = model.startswith("regional.")
        if place in _ANYWHERE:
            return place if regional else None
        if regional or (provider, place) in _AT_HOME or model.startswith((f"{place}/", f"{place}.")):
            return None
        return place
    return None


def same_stem(name: str, pattern: str) -> bool:
    """Whether a name says nothing beyond ``pattern`` but dates, versions and regions.

    ``pattern`` is a fragment a catalog matches names by; it may end in the middle of a date (``claude-sonnet-4-2025``).
    """
    fragment = re.sub(r"(?:-20\d\d-?|-0|[-@.])$", "", pattern)
    stem = _stem(_without_place(fragment))
    return _stem(_without_place(name)) in {stem, _VERSION.sub("", stem)}


def _stem(name: str) -> str:
    stem = name
    while (cut := _MATCHED_ENDINGS.sub("", stem)) != stem:
        stem = cut
    if stem != name:
        stem = _VERSION.sub("", stem)  # claude-3-5-sonnet-v2@20241022: the date says which version that is
    if stem.startswith("gemini-"):
        # A pattern that ends before -preview is meant to cover the previews: where they cost otherwise the tables list them.
        stem = stem.removesuffix("-preview")
    return re.sub(r"\.ft-[0-9a-f]+$|\.ft$", "", stem)


def _without_place(name: str) -> str:
    bare = _REGION.sub("", name)
    vendor, dot, rest = bare.partition(".")
    return rest.removesuffix("-v1") if dot and vendor in BEDROCK_MAKERS else bare


def _from_arn(name: str) -> str:
    found = _ARN.match(name)
    return found[1] if found else name


def _from_path(name: str) -> str:
    while (cut := _PATHS.sub("", name)) != name:
        name = cut
    return name


def _fine_tuned(name: str) -> str:
    return ":".join(name.split(":")[:2]) if name.startswith("ft:") else name


def _window(name: str) -> str:
    return name.removesuffix("[1m]") if name.startswith("claude") or "claude-" in name else name


def _dashed_date(name: str) -> str:
    return _COMPACT_DATE.sub(r"\1-\2-\3", name)


def _undotted(name: str) -> str:
    return _DOTTED.sub("-", name) if name.startswith("claude-") else name
