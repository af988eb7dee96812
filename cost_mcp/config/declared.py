"""Every setting, declared once: how it is named in the environment and in files, what it takes, what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

from cost_mcp.config.budgets import LIMIT_VARIABLES
from cost_mcp.errors import ConfigError, InvalidInput
from cost_mcp.model.call import BILLING_MODES, DEFAULT_TENANT
from cost_mcp.model.export_format import FORMATS
from cost_mcp.model.moment import zone
from cost_mcp.model.money import parse_usd
from cost_mcp.model.name import clean_name
from cost_mcp.model.period import WEEKDAYS

PREFIX = "COST_MCP_"
MAX_PATTERNS = 32
MAX_BACKDATE_HOURS = 24 * 365 * 10
HOOK_VERDICTS = ("allow", "deny")
CAPTURE_MODES = ("auto", "off")
SENSITIVITIES = ("low", "normal", "high")


@dataclass(frozen=True, slots=True)
class Given:
    """One value as given, what to call the place in a message, and the folder relative paths in it start from."""

    value: object
    place: str
    folder: Path
    field: str

    def refused(self, reason: str, hint: str) -> ConfigError:
        """The error that says why the value cannot be taken; it never quotes it."""
        return ConfigError(f"{self.place} {reason}", field=self.field, hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One setting. ``variable`` and ``key`` are None where it cannot be set that way; ``default`` is for the reader."""

    name: str
    parse: Callable[[Given], object]
    help: str
    takes: str
    default: str
    variable: str | None = None
    key: str | None = None
    project_may_set: bool = False


def _name(given: Given) -> str:
    try:
        return clean_name(given.value, "value")
    except InvalidInput as error:
        reason = error.sentence.removeprefix("value ")
        raise given.refused(reason, "Give a short name; put numbers in quotes.") from None


def _zone(given: Given) -> str:
    name = _name(given)
    try:
        zone(name)
    except InvalidInput as error:
        raise given.refused("is not a known IANA time zone.", error.hint or "") from None
    return name


def _word(given: Given) -> str:
    """A scalar as text; nothing for what is none, or a number too long to be meant."""
    value = given.value
    if isinstance(value, int) and abs(value) > 10**9:
        return ""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _weekday(given: Given) -> int:
    value = given.value.strip().lower() if isinstance(given.value, str) else given.value
    if isinstance(value, str) and value in WEEKDAYS:
        return WEEKDAYS.index(value)
    if _word(given) in {"0", "1", "2", "3", "4", "5", "6"}:
        return int(_word(given))
    raise given.refused("is not a weekday.", "Use monday … sunday.")


def _switch(given: Given) -> bool:
    word = _word(given).lower()
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"false", "0", "no", "off"}:
        return False
    raise given.refused("is neither true nor false.", "Use true or false.")


def _hours(given: Given) -> int:
    text = _word(given)
    if isinstance(given.value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise given.refused("is not a whole number of hours.", "Give 24 for one day.")
    if int(text) > MAX_BACKDATE_HOURS:
        raise given.refused(f"is above {MAX_BACKDATE_HOURS:,} hours.", "Import older calls instead.")
    return int(text)


def _billing(given: Given) -> str:
    word = _word(given).lower()
    if word not in BILLING_MODES:
        raise given.refused("is not a billing mode.", f"Use {' or '.join(BILLING_MODES)}.")
    return word


def _billing_of_sources(given: Given) -> dict[str, str]:
    """Source → billing mode, from a mapping or from ``claude-code=subscription, codex=api``."""
    value: object = given.value
    if isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",") if part.strip()]
        value = {name.strip(): mode.strip() for name, _, mode in parts}
    if not isinstance(value, dict):
        raise given.refused("does not say how each source is billed.", "Write claude-code: subscription.")
    found: dict[str, str] = {}
    for source, mode in cast("dict[object, object]", value).items():
        name = _name(Given(source, given.place, given.folder, given.field))
        found[name] = _billing(Given(mode, given.place, given.folder, given.field))
    return found


def _capture(given: Given) -> str:
    # YAML reads off as false.
    word = "off" if given.value is False else _word(given).lower()
    if word not in CAPTURE_MODES:
        raise given.refused("is not a way to capture.", f"Use {' or '.join(CAPTURE_MODES)}.")
    return word


def _verdict(given: Given) -> str:
    word = _word(given).lower()
    if word not in HOOK_VERDICTS:
        raise given.refused("is not what a hook can do.", f"Use {' or '.join(HOOK_VERDICTS)}.")
    return word


def _export_format(given: Given) -> str:
    word = _word(given).lower()
    if word not in FORMATS:
        raise given.refused("is not a format of exports.", f"Use one of: {', '.join(FORMATS)}.")
    return word


def _percent(given: Given) -> Decimal:
    try:
        percent = Decimal(_word(given).removesuffix("%").strip() or "0")
    except ArithmeticError:
        percent = Decimal(0)
    if isinstance(given.value, bool) or not percent.is_finite() or not 0 < percent <= 1000:
        raise given.refused("is not a percent.", "Give a number such as 80.")
    return percent


def _sensitivity(given: Given) -> str:
    word = _word(given).lower()
    if word not in SENSITIVITIES:
        raise given.refused("is not a sensitivity.", f"Use {', '.join(SENSITIVITIES)}.")
    return word


def _amount(given: Given) -> Decimal:
    try:
        amount = parse_usd(given.value, "value")
    except InvalidInput as error:
        raise given.refused(error.sentence.removeprefix("value "), error.hint or "") from None
    if not amount:
        raise given.refused("is zero.", "Give the smallest amount in US dollars that matters: 0.50.")
    return amount


def _path(given: Given) -> Path:
    text = given.value if isinstance(given.value, str) and len(given.value) > 256 else _name(given)
    if "\0" in text:
        raise given.refused("is not a path.", "Give the path of a file.")
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise given.refused("names a home folder that is not known.", "Give the full path.") from None
    return path if path.is_absolute() else given.folder / path


def _ledger(given: Given) -> str:
    text = _word(given)
    if text.lower().startswith(("postgresql://", "postgres://")):
        return text
    if "://" in text or text == ":memory:":
        raise given.refused("is neither a path nor a postgresql:// URL.", "Give the path of a file.")
    return str(_path(given))


def _patterns(given: Given) -> tuple[str, ...]:
    value: object = given.value
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    if len(listed) > MAX_PATTERNS:
        raise given.refused(f"has {len(listed)} entries; {MAX_PATTERNS} is the most.", "Keep the ones that match.")
    return tuple(_pattern(Given(item, given.place, given.folder, given.field)) for item in listed)


def _pattern(given: Given) -> str:
    text = _name(given)
    try:
        re.compile(text)
    except re.error:
        raise given.refused(
            "is not a regular expression.", r"Write one that matches a task in a branch's name: [A-Z]+-\d+"
        ) from None
    return text


def _declared(
    name: str, parse: Callable[[Given], object], takes: str, default: str, text: str, *, key: bool = True, project: bool = False
) -> Declared:
    return Declared(
        name=name,
        parse=parse,
        help=text,
        takes=takes,
        default=default,
        variable=PREFIX + name.upper(),
        key=name if key else None,
        project_may_set=project,
    )


SETTINGS: tuple[Declared, ...] = (
    _declared("db", _ledger, "path", "ledger.db in the platform's data folder", "The ledger: the path of its file."),
    _declared("timezone", _zone, "IANA zone", "the system's, else UTC", "The zone whose calendar days and weeks follow."),
    _declared("week_start", _weekday, "weekday", "monday", "The day a week begins on."),
    _declared("tenant", _name, "name", DEFAULT_TENANT, "Whose ledger this is; nothing crosses from one tenant to another."),
    _declared("project", _name, "name", "none", "The project calls belong to that name none.", project=True),
    _declared("agent", _name, "name", "none", "The agent calls belong to that name none."),
    _declared("session_id", _name, "name", "none", "The session calls belong to that name none.", key=False),
    _declared("task_id", _name, "name", "none", "The task calls belong to that name none.", key=False),
    _declared("enabled", _switch, "true or false", "true", "Whether calls are recorded; false answers `skipped`."),
    _declared("price_book", _path, "path", "prices.yaml beside the user's config.yaml", "Your own prices, over the catalog's."),
    _declared("max_backdate_hours", _hours, "hours", "24", "How far in the past an agent may say that a call happened."),
    _declared("billing", _billing, "api or subscription", "api", "How calls are billed that do not say."),
    _declared(
        "source_billing",
        _billing_of_sources,
        "source: mode, …",
        "none",
        "How the calls of a source are billed (claude-code: subscription), unless they say.",
    ),
    _declared("capture", _capture, "auto or off", "off", "Whether `cost-mcp serve` follows the logs of this machine's agents."),
    _declared(
        "export_on_exit",
        _path,
        "path",
        "none",
        "Where a server leaves the calls it served: a file, or a folder for one file each.",
    ),
    _declared(
        "export_format", _export_format, ", ".join(FORMATS), "by the file's ending, else csv", "The format of that file."
    ),
    _declared("warning_percent", _percent, "percent", "80", "Where budgets that settings declare warn, unless they say."),
    _declared(
        "critical_percent", _percent, "percent", "95", "Where budgets that settings declare are critical, unless they say."
    ),
    _declared("hook_on_error", _verdict, "allow or deny", "allow", "What `cost-mcp hook` answers when it cannot find out."),
    _declared("anomalies", _switch, "true or false", "true", "Whether spend far above its own history raises an alert."),
    _declared(
        "anomalies_sensitivity", _sensitivity, "low, normal or high", "normal", "How far above its history spend has to be."
    ),
    _declared("anomalies_min_usd", _amount, "US dollars", "1", "The smallest amount above the usual that an anomaly is about."),
    Declared(
        name="task_patterns",
        parse=_patterns,
        help="Patterns by which a branch name tells its task.",
        takes="list of texts",
        default="none",
        key="task_patterns",
        project_may_set=True,
    ),
)

BOUND_NAMES = ("tenant", "project", "agent", "session_id", "task_id")
"""Settings that, given in the environment, bind every call of the process: an agent may not name another."""

NOTIFICATIONS_KEY = "notifications"
URLS_VARIABLE, WEBHOOK_VARIABLE = f"{PREFIX}NOTIFY_URLS", f"{PREFIX}WEBHOOK_URL"
SECRET_VARIABLE, THRESHOLD_VARIABLE = f"{PREFIX}WEBHOOK_SECRET", f"{PREFIX}NOTIFY_THRESHOLD"
NOTIFICATION_VARIABLES = (URLS_VARIABLE, WEBHOOK_VARIABLE, SECRET_VARIABLE, THRESHOLD_VARIABLE)
"""Where alerts go; ``config.notifications`` reads it, which is loaded only where something says so."""

OTHER_VARIABLES = (f"{PREFIX}CONFIG", f"{PREFIX}DEBUG", *LIMIT_VARIABLES, *NOTIFICATION_VARIABLES)
"""Read outside the table: which user file to read, whether unexpected errors show their traceback, limits, where alerts go."""
