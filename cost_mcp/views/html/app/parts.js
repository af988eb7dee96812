// What pictures are made of. Names of models, tasks and people are somebody else's text: they are put in as text only.

const place = (id) => document.getElementById(id);
const BREAKDOWNS = [
  ["by_model", "Model"], ["by_agent", "Agent"], ["by_project", "Project"], ["by_task_type", "Task type"],
  ["by_provider", "Provider"], ["by_purpose", "Purpose"],
];

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
