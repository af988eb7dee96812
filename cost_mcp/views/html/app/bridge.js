// What is shown, what is asked next, and the few messages of MCP Apps that this needs (SEP-1865, revision 2026-01-26,
// read 2026-11-22).

const host = window.parent;
const PERIODS = [["today", "Today"], ["week", "This week"], ["month", "This month"], ["last_month", "Last month"]];

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
