"use strict";
// The picture of a tool's answer inside a chat, and the few messages of the MCP Apps bridge that it needs
// (SEP-1865, revision 2026-01-26, read 2026-11-22). Names of models, tasks and people are somebody else's text:
// they are put in as text only.
(() => {
  const PERIODS = [["today", "Today"], ["week", "This week"], ["month", "This month"], ["last_month", "Last month"]];
  const BREAKDOWNS = [
    ["by_model", "Model"], ["by_agent", "Agent"], ["by_project", "Project"], ["by_task_type", "Task type"],
    ["by_provider", "Provider"], ["by_purpose", "Purpose"],
  ];
  const TIMES = ["hour", "day", "week", "month"];
  const host = window.parent;
  const place = (id) => document.getElementById(id);

  // ---- dollars, exactly: whole nano-dollars, shown as the ledger shows them ----
  const CENT = 10_000_000n;
  const halfEven = (number, unit) => {
    const whole = number / unit, twice = (number % unit) * 2n;
    return whole + (twice > unit || (twice === unit && whole % 2n === 1n) ? 1n : 0n);
  };
  const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
  const nanos = (text) => {
    const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
    if (!found) return 0n;
    const amount = BigInt(found[2] + (found[3] ?? "").slice(0, 9).padEnd(9, "0"));
    return found[1] ? -amount : amount;
  };
  const usd = (amount) => {
    const whole = amount < 0n ? -amount : amount, sign = amount < 0n ? "-$" : "$";
    if (whole === 0n || whole >= CENT) {
      const cents = halfEven(whole, CENT);
      return `${sign}${grouped(cents / 100n)}.${String(cents % 100n).padStart(2, "0")}`;
    }
    const unit = 10n ** BigInt(Math.max(0, String(whole).length - 2));
    return `${sign}0.${String(halfEven(whole, unit) * unit).padStart(9, "0").replace(/0+$/, "")}`;
  };
  const leftUsd = (amount) => {  // rounded down: what it says can be spent
    const unit = amount >= CENT ? CENT : 10n ** BigInt(Math.max(0, String(amount).length - 2));
    return usd(amount - (amount % unit));
  };
  const signed = (text) => (nanos(text) > 0n ? "+" : nanos(text) ? "" : "±") + usd(nanos(text));
  const count = (number) => grouped(BigInt(number));
  const calls = (number) => (number === 1 ? "1 call" : `${count(number)} calls`);
  const short = (number) => {
    if (number >= 10_000)
      for (const [unit, size] of [["B", 1_000_000_000n], ["M", 1_000_000n], ["K", 1_000n]])
        if (BigInt(number) >= size) {
          const tenths = halfEven(BigInt(number) * 10n, size);
          return `${grouped(tenths / 10n)}.${tenths % 10n}${unit}`;
        }
    return count(number);
  };
  const bounded = (text, lower) => (lower ? "≥ " : "") + usd(nanos(text));
  const percent = (part, whole) => (whole > 0n ? Number((part * 10_000n) / whole) / 100 : 0);

  // ---- elements ----
  const filled = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };
  const made = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
  const shape = (name, attributes = {}, ...children) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  const line = (text, kind) => made("p", kind ? { class: kind } : {}, text);
  const named = (text) => made("bdi", { class: "long" }, text);
  const head = (text, kind) => made("th", { scope: "col", class: kind }, text);
  const number = (text) => made("td", { class: "number" }, text);
  const table = (heads, rows, kind) => made("table", { class: kind },
    made("thead", kind === "shares" ? { class: "unseen" } : {}, made("tr", {}, heads)), made("tbody", {}, rows));
  const scrolled = (label, inner) => made("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, inner);
  let sections = 0;
  const section = (title, ...children) => {
    const id = `section-${++sections}`;
    return made("section", { "aria-labelledby": id }, made("h2", { id }, title), children);
  };
  const bar = (parts) => {
    const drawn = shape("svg", { class: "bar-of-100", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" });
    let at = 0;
    for (const [kind, wanted] of parts) {
      const width = Math.min(Math.max(wanted, 0), 100 - at);
      if (width > 0) drawn.append(shape("rect", { class: kind, x: at, y: 0, width, height: 8 }));
      at += width;
    }
    return drawn;
  };

  // ---- parts of pictures ----
  const moment = (text, zone, form) => {
    const instant = new Date(text);
    if (Number.isNaN(instant.getTime())) return text;
    const wanted = { year: "numeric", month: "short", day: "numeric", ...form };
    try {
      return new Intl.DateTimeFormat("en-US", { ...wanted, timeZone: zone }).format(instant);
    } catch {  // a zone this browser does not know
      return `${new Intl.DateTimeFormat("en-US", { ...wanted, timeZone: "UTC" }).format(instant)} UTC`;
    }
  };
  const CLOCK = { hour: "2-digit", minute: "2-digit", hour12: false };
  const span = (report) => {
    if (report.period === "total") return "All time";
    const first = moment(report.period_start, report.timezone);
    const last = moment(new Date(Date.parse(report.period_end) - 1).toISOString(), report.timezone);
    return `${first === last ? first : `${first} – ${last}`} (${report.timezone})`;
  };
  const totals = (found, cost) => [
    line(bounded(cost, found.lower_bound), "figure"),
    line(`${calls(found.calls)} · ${short(found.total_tokens ?? 0)} tokens (${short(found.input_tokens ?? 0)} in, `
      + `${short(found.output_tokens ?? 0)} out)`, "under"),
    found.unpriced_calls ? line(`${count(found.unpriced_calls)} of ${calls(found.calls)} ${found.unpriced_calls === 1 ? "has" : "have"} `
      + "no known price: every sum that holds them is a lower bound.", "caution") : null,
    nanos(found.subscription_usd) ? line(`Beside it ${bounded(found.subscription_usd, found.lower_bound)} at list prices was `
      + "covered by subscriptions.", "aside") : null,
    found.provisional_calls ? line(`${calls(found.provisional_calls)} provisional, ${usd(nanos(found.provisional_usd))}: `
      + "the final usage was not seen yet.", "aside") : null,
  ];
  const notes = (found) => (found.notes ?? []).map((note) => line(note, "aside"));
  const nothing = (title) => made("div", { class: "empty" }, made("h2", {}, title),
    line("Calls appear here once an agent reports them with record_call, or once they are read from the logs it keeps anyway:"),
    made("p", {}, made("code", {}, "cost-mcp import all")));
  const breakdowns = (found, cost) => {
    const whole = nanos(cost), drawn = [];
    for (const [name, title] of BREAKDOWNS) {
      const rows = Object.entries(found[name] ?? {}).map(([key, amount]) => [key, nanos(amount)]);
      rows.sort((one, other) => Number(other[0] !== "(other)") - Number(one[0] !== "(other)")
        || (other[1] > one[1] ? 1 : other[1] < one[1] ? -1 : 0));
      const unpriced = found.unpriced?.[name] ?? [];
      if (rows.length + unpriced.length === 0) continue;
      if (rows.length + unpriced.length === 1 && [...unpriced, rows[0]?.[0]].includes("(none)")) continue;
      drawn.push(section(title, table([head(title), head("Cost", "number")], [
        ...rows.map(([key, amount]) => made("tr", {}, made("th", { scope: "row" }, named(key), bar([["share", percent(amount, whole)]])),
          number(usd(amount)))),
        ...unpriced.map((key) => made("tr", {}, made("th", { scope: "row" }, named(key)),
          made("td", { class: "number unpriced" }, "unpriced"))),
      ], "shares")));
    }
    return drawn.length ? made("div", { class: "columns" }, drawn) : null;
  };

  // ---- bars over time ----
  const WIDTH = 760, HEIGHT = 200, LEFT = 64, RIGHT = 12, TOP = 8, BOTTOM = 24;
  const marks = (highest) => {
    const rough = highest / 4, unit = 10 ** Math.floor(Math.log10(rough));
    const step = unit * [1, 2, 2.5, 5, 10].find((one) => unit * one >= rough * 0.999999);
    return Array.from({ length: Math.ceil(highest / step - 1e-9) + 1 }, (_, index) => index * step);
  };
  const label = (unit, key) => {
    const found = /^(\d{4})-(\d\d)(?:-(\d\d))?(?:T(\d\d:\d\d))?/.exec(key);
    if (unit === "hour" && found?.[4]) return found[4];
    if (!found) return key;
    const form = { month: "short", ...(unit === "month" ? { year: "numeric" } : { day: "numeric" }), timeZone: "UTC" };
    return new Intl.DateTimeFormat("en-US", form).format(new Date(Date.UTC(+found[1], +found[2] - 1, +(found[3] ?? 1))));
  };
  const overTime = (unit, points) => {
    const title = `Cost by ${unit}`, shown = points.map((point) => ({ ...point, at: label(unit, String(point[unit])) }));
    const dollars = shown.map((point) => Number(nanos(point.cost_usd)) / 1e9);
    const scale = marks(Math.max(0.01, ...dollars)), top = scale[scale.length - 1];
    const y = (amount) => HEIGHT - BOTTOM - (amount / top) * (HEIGHT - TOP - BOTTOM);
    const each = (WIDTH - LEFT - RIGHT) / shown.length, every = Math.ceil(shown.length / 8);
    const drawn = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}; the same follows as a table` });
    for (const mark of scale) {
      const nano = BigInt(Math.round(mark * 1e9));
      drawn.append(shape("g", { class: "axis y" }, shape("path", { class: "guide", d: `M${LEFT} ${y(mark).toFixed(1)}H${WIDTH - RIGHT}` }),
        shape("text", { x: LEFT - 6, y: (y(mark) + 4).toFixed(1) }, usd(nano))));
    }
    shown.forEach((point, index) => {
      const x = LEFT + each * index, said = `${point.at} · ${bounded(point.cost_usd, point.lower_bound)}`;
      if (dollars[index] > 0)
        drawn.append(shape("g", { class: "color-0" }, shape("rect", { class: "rect", x: (x + each * 0.1).toFixed(1),
          y: y(dollars[index]).toFixed(1), width: (each * 0.8).toFixed(1), height: (HEIGHT - BOTTOM - y(dollars[index])).toFixed(1) },
        shape("title", {}, said))));
      if (index % every === 0)
        drawn.append(shape("g", { class: "axis x" }, shape("text", { x: (x + each / 2).toFixed(1), y: HEIGHT - 6 }, point.at)));
    });
    const rows = shown.map((point) => made("tr", {}, made("th", { scope: "row" }, point.at),
      number(bounded(point.cost_usd, point.lower_bound)), number(count(point.calls))));
    return section(`By ${unit}`, made("figure", { class: "chart" }, scrolled(title, drawn)),
      made("details", {}, made("summary", {}, "The same as a table"),
        scrolled(`${title}, as a table`, table([head(unit[0].toUpperCase() + unit.slice(1)), head("Cost", "number"), head("Calls", "number")], rows))));
  };

  // ---- the three pictures ----
  const drawReport = (report) => {
    place("title").textContent = "Cost report";
    const shown = [line(span(report), "label"), ...totals(report, report.total_cost_usd)];
    const only = Object.entries(report.filters ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
    if (only.length) shown.push(made("p", { class: "under" }, "Only ", named(only.join(", "))));
    if (!report.calls) return [...shown, nothing("Nothing recorded yet in this period"), ...notes(report)];
    const { comparison: before, forecast, groups = [] } = report;
    if (before) {
      const by = before.change_percent === undefined ? "" : ` (${before.change_percent > 0 ? "+" : ""}${before.change_percent} %)`;
      shown.push(line(`${before.inexact ? "≈ " : ""}${signed(before.change_usd)}${by} against the same time of the period before, `
        + `${usd(nanos(before.previous_cost_usd))}`, "under"));
    }
    if (forecast?.expected_usd !== undefined) {
      const between = forecast.low_usd === undefined || forecast.low_usd === forecast.high_usd ? ""
        : `, ${usd(nanos(forecast.low_usd))} to ${usd(nanos(forecast.high_usd))} in ${forecast.level_percent} % of cases`;
      shown.push(line(`${bounded(forecast.expected_usd, forecast.expected_lower_bound)} expected by its end${between}`, "under"));
    }
    const dimensions = groups.length ? Object.keys(groups[0]).slice(0, Object.keys(groups[0]).indexOf("cost_usd")) : [];
    const timed = dimensions.length === 1 && TIMES.includes(dimensions[0]);
    if (report.trend) shown.push(overTime(report.trend.unit, report.trend.points));
    else if (timed && !report.next_cursor)
      shown.push(overTime(dimensions[0], [...groups].sort((one, other) => (one[dimensions[0]] < other[dimensions[0]] ? -1 : 1))));
    shown.push(breakdowns(report, report.total_cost_usd));
    if (groups.length) {
      const rows = groups.map((group) => made("tr", {},
        dimensions.map((name, index) => made(index ? "td" : "th", index ? {} : { scope: "row" }, named(group[name]))),
        group.unpriced_calls && !nanos(group.cost_usd) ? made("td", { class: "number unpriced" }, "unpriced")
          : number(bounded(group.cost_usd, group.lower_bound)),
        number(count(group.calls)), number(count(group.total_tokens ?? 0))));
      const heads = dimensions.map((name) => head(name.replaceAll("_", " ")));
      shown.push(section("Groups", scrolled("Groups",
        table([...heads, head("Cost", "number"), head("Calls", "number"), head("Tokens", "number")], rows)),
      report.next_cursor ? line("More groups follow on the next page.", "aside") : null));
    }
    return [...shown, ...notes(report)];
  };

  const standing = (budget) => {
    const unit = ["usd", "tokens", "calls"].find((one) => `limit_${one}` in budget) ?? "usd";
    const of = (name) => budget[`${name}_${unit}`] ?? 0;
    const words = (name) => (unit === "usd" ? usd(nanos(of(name))) : count(of(name)));
    const whole = unit === "usd" ? nanos : BigInt, left = whole(of("remaining"));
    const shownLeft = left < 0n ? `${unit === "usd" ? usd(-left) : count(-left)} over` : `${unit === "usd" ? leftUsd(left) : count(left)} left`;
    const per = budget.period === "total" ? "in total" : `per ${budget.period}`;
    return {
      name: budget.each_value === undefined ? budget.name : `${budget.name} ${budget.each_value}`, state: budget.state,
      spent: (budget.lower_bound ? "≥ " : "") + words("spent"), reserved: words("reserved"), isReserved: whole(of("reserved")) > 0n,
      left: (budget.lower_bound ? (left < 0n ? "at least " : "at most ") : "") + shownLeft,
      limit: `${words("limit")}${unit === "usd" ? "" : ` ${unit}`} ${per}`, used: `${budget.used_percent} %`,
      parts: [[`spent ${budget.state}`, budget.used_percent], ["reserved", percent(whole(of("reserved")), whole(of("limit")))]],
      scope: Object.entries(budget.scope ?? {}).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", "),
      projected: budget[`projected_${unit}`] === undefined ? null : `${words("projected")} by its end at this rate`,
    };
  };
  const budgetBars = (budgets) => {
    const rows = budgets.map(standing);
    return [
      made("ul", { class: "budgets" }, rows.map((row) => made("li", {}, made("div", { class: `budget ${row.state}` },
        made("p", { class: "name" }, named(row.name), " ", made("span", { class: "state" }, row.state)), bar(row.parts),
        line(`${row.spent} spent${row.isReserved ? ` · ${row.reserved} reserved` : ""} of ${row.limit} · ${row.left}`, "under"),
        row.projected ? line(row.projected, "under") : null,
        row.scope ? made("p", { class: "under" }, "For ", named(row.scope)) : null)))),
      made("details", {}, made("summary", {}, "The same as a table"), scrolled("Budgets, as a table", table(
        [head("Budget"), ...["Spent", "Reserved", "Left", "Limit", "Used"].map((title) => head(title, "number")), head("State")],
        rows.map((row) => made("tr", {}, made("th", { scope: "row" }, named(row.name)),
          [row.spent, row.reserved, row.left, row.limit, row.used].map(number), made("td", {}, row.state)))))),
    ];
  };
  const drawBudgets = (status) => {
    place("title").textContent = "Budgets";
    const shown = [];
    if (status.decision)
      shown.push(made("p", { class: status.decision === "deny" ? "problem" : status.decision === "warn" ? "caution" : "notice" },
        made("strong", {}, status.decision), ` ${status.why ?? ""}`));
    if (status.max_output_tokens !== undefined) shown.push(line(`Would fit: ${count(status.max_output_tokens)} output tokens.`, "under"));
    if (status.alternatives?.length)
      shown.push(section("Would fit instead", table([head("Model"), head("Cost", "number")], status.alternatives.map((found) =>
        made("tr", {}, made("th", { scope: "row" }, named(`${found.provider} ${found.model}`)), number(usd(nanos(found.cost_usd))))))));
    if (status.budgets.length) shown.push(...budgetBars(status.budgets));
    else shown.push(made("div", { class: "empty" }, made("h2", {}, "No budget covers this"), line("Nothing limits it. A person sets one with:"),
      made("p", {}, made("code", {}, "cost-mcp budget --daily 10"))));
    return [...shown, ...notes(status)];
  };
  const drawTask = (task) => {
    const title = place("title");
    title.textContent = "Task ";
    title.append(named(task.title ?? task.task_id));
    const about = [task.title ? task.task_id : null, task.task_type ? `type ${task.task_type}` : null,
      task.outcome ? task.outcome.replaceAll("_", " ") : null].filter(Boolean).join(" · ");
    const shown = [about ? made("p", { class: "label" }, named(about)) : null, ...totals(task, task.cost_usd)];
    if (!task.known) {
      shown.push(nothing("Nothing recorded yet for this task"));
      if (task.nearest?.length) shown.push(made("p", {}, "Nearest known tasks: ", named(task.nearest.join(", "))));
    }
    if (task.first_call_at)
      shown.push(line(`First call ${moment(task.first_call_at, undefined, CLOCK)}, last ${moment(task.last_call_at, undefined, CLOCK)}`, "under"));
    const { efficiency: against } = task;
    if (against?.score !== undefined)
      shown.push(line(`Efficiency ${against.score}: 1 is usual for its type, more is cheaper; usual is `
        + `${usd(nanos(against.baseline_median_usd))} of ${against.sample} tasks${against.so_far ? "; so far" : ""}`, "under"));
    shown.push(breakdowns(task, task.cost_usd));
    if (task.budgets?.length) shown.push(section("Budgets", budgetBars(task.budgets)));
    return [...shown, ...notes(task)];
  };

  // ---- what is shown, and what is asked next ----
  let given = {}, first = null, canAsk = false, asked = 0;
  const kindOf = (found) => ("total_cost_usd" in found ? "report" : "task_id" in found ? "task" : "budgets");
  const drawings = { report: drawReport, task: drawTask, budgets: drawBudgets };
  const say = (text, problem) => {
    const said = place("said");
    said.textContent = text;
    said.className = problem ? "problem" : "aside";
    said.hidden = !text;
  };
  const show = (result, mine) => {
    const found = result.structuredContent;
    if (result.isError || typeof found !== "object" || found === null) {
      const text = (result.content ?? []).filter((part) => part.type === "text").map((part) => part.text).join("\n");
      say(text || "No figures came back.", result.isError);
      return false;
    }
    const kind = kindOf(found);
    if (!mine) first = result;
    sections = 0;
    place("picture").replaceChildren(...drawings[kind](found).flat(Infinity).filter(Boolean));
    say("");
    buttons(kind, found);
    return true;
  };
  const buttons = (kind, found) => {
    const group = place("periods"), home = first && kindOf(first.structuredContent);
    group.hidden = !canAsk;
    for (const button of group.children) button.setAttribute("aria-pressed", String(kind === "report" && found.period === button.value));
    let back = place("back");
    if (home && home !== "report" && kind === "report" && !back) {
      back = made("button", { type: "button", id: "back" }, home === "task" ? "Back to the task" : "Back to the budgets");
      back.addEventListener("click", () => {
        ++asked;
        place("picture").removeAttribute("aria-busy");
        show(first);
        group.firstElementChild.focus();
      });
      group.append(back);
    } else if (kind !== "report") back?.remove();
  };
  const wanted = (period) => {
    const found = first?.structuredContent ?? {}, kind = kindOf(found);
    if (kind === "task") return { task_id: found.task_id, period, trend: true };
    if (kind === "budgets") return { period, trend: true };
    const { period: _, start, end, cursor, ...kept } = { timezone: found.timezone, ...found.filters, ...given };
    return { ...kept, period, trend: true };
  };
  const choose = async (period, title) => {
    const mine = ++asked, picture = place("picture");
    say(`Asking for ${title.toLowerCase()} …`);
    picture.setAttribute("aria-busy", "true");
    try {
      const result = await ask("tools/call", { name: "get_cost_report", arguments: wanted(period) });
      if (mine === asked && show(result, true)) say(`Shown: ${title.toLowerCase()}.`);
    } catch (failure) {
      if (mine === asked) say(`The host did not answer: ${failure.message}`, true);
    } finally {
      if (mine === asked) picture.removeAttribute("aria-busy");
    }
  };
  for (const [name, title] of PERIODS) {
    const button = made("button", { type: "button", value: name, "aria-pressed": "false" }, title);
    button.addEventListener("click", () => choose(name, title));
    place("periods").append(button);
  }

  // ---- the bridge ----
  const waiting = new Map();
  let lastId = 0;
  const send = (message) => host.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const tell = (method, params = {}) => send({ method, params });
  const ask = (method, params) => new Promise((resolve, reject) => {
    waiting.set(++lastId, { resolve, reject });
    send({ id: lastId, method, params });
  });
  const look = (context = {}) => {
    const root = document.documentElement;
    if (context.theme === "light" || context.theme === "dark") root.dataset.theme = context.theme;
    const font = context.styles?.variables?.["--font-sans"];
    if (typeof font === "string") root.style.setProperty("--font-sans", font);
    for (const side of ["top", "right", "bottom", "left"]) {
      const inset = context.safeAreaInsets?.[side];
      if (Number.isFinite(inset)) document.body.style.setProperty(`padding-${side}`, `${inset}px`);
    }
  };
  const heard = new Map([
    ["ui/notifications/tool-input", (params) => { given = params.arguments ?? {}; }],
    ["ui/notifications/tool-result", (params) => show(params)],
    ["ui/notifications/tool-cancelled", () => say("The call was cancelled: there are no figures.")],
    ["ui/notifications/host-context-changed", look],
  ]);
  window.addEventListener("message", ({ source, data }) => {
    if (source !== host || data?.jsonrpc !== "2.0") return;
    if (data.method === undefined) {
      const answer = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) answer?.reject(new Error(data.error.message));
      else answer?.resolve(data.result);
    } else if (data.id === undefined) heard.get(data.method)?.(data.params ?? {});
    else if (data.method === "ui/resource-teardown" || data.method === "ping") send({ id: data.id, result: {} });
    else send({ id: data.id, error: { code: -32601, message: "No such method." } });
  });
  const start = async () => {
    if (host === window) return say("This view belongs into a chat that shows MCP Apps.");
    const { hostCapabilities, hostContext } = await ask("ui/initialize", {
      appInfo: { name: "cost-mcp", version: "{{version}}" }, appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
      protocolVersion: "2026-01-26",
    });
    look(hostContext);
    canAsk = hostCapabilities?.serverTools !== undefined;
    tell("ui/notifications/initialized");
    let height = 0;
    new ResizeObserver(() => {
      const now = Math.ceil(document.documentElement.getBoundingClientRect().height);
      if (now !== height) tell("ui/notifications/size-changed", { height: (height = now) });
    }).observe(document.documentElement);
  };
  start().catch((failure) => say(`The host did not answer: ${failure.message}`, true));
})();
