// A report, a task, budgets: each drawn from what its tool answers.

const TIMES = ["hour", "day", "week", "month"];

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
