// @ts-check
/** The operator's page: what ships, what waits, what it costs. */

import { costs, queueStats, standing } from "./door.js";
import { el, find } from "./dom.js";
import { dayBars, figure, legend, stackedBars, sum } from "./plots.js";

/** @typedef {{name: string, attempts: number, shipped: number, assets: number, device_s: number, judged_s: number, cost: number, cost_per_asset: number | null, reviewer_s: number}} Line */
/** @typedef {{since: string, currency: string, prices: Record<string, number>, unpriced: string[], whole: Line, skus: Line[], skus_in_all: number, makers: Line[], days: Line[]}} Costs */
/** @typedef {{jobs: {kind: string, status: string, jobs: number}[], oldest: {kind: string, lane: string, seconds: number}[], not_begun: Record<string, number>, cases: {kind: string, cases: number, oldest_s: number}[]}} Standing */
/** @typedef {{kind: string, backend: string} & Record<string, number>} Decided */

const REFRESH_MS = 30_000;
const LATE_S = { interactive: 10, bulk: 3600 };
const WAITS = [{ name: "queued", tone: "asked" }, { name: "running", tone: "mended" }, { name: "in_review", tone: "own" }];
const ENDED = [{ name: "succeeded", tone: "good" }, { name: "failed", tone: "bad" }, { name: "cancelled", tone: "gone" }];
const SHIPS = [{ name: "shipped", tone: "good" }, { name: "did not ship", tone: "gone" }];
const DEAREST = 12;

/** @param {Costs} bill @param {Standing} work */
function tiles(bill, work) {
  const of = (/** @type {string} */ status) => sum(work.jobs.filter((each) => each.status === status).map(({ jobs }) => jobs));
  const late = work.oldest.some(({ lane, seconds }) => seconds > LATE_S[/** @type {"bulk"} */ (lane)]);
  const { whole, currency } = bill;
  const facts = [
    [String(whole.assets), "files ship", false],
    [whole.attempts ? `${Math.round((100 * whole.shipped) / whole.attempts)} %` : "–", "of attempts ship", false],
    [String(of("queued") + sum(Object.values(work.not_begun))), "wait for a machine", false],
    [lasting(Math.max(0, ...work.oldest.map(({ seconds }) => seconds))), "waits the oldest", late],
    [String(sum(work.cases.map(({ cases }) => cases))), "wait for a person", false],
    [money(whole.cost, currency), "spent on devices", false],
    [whole.cost_per_asset === null ? "–" : money(whole.cost_per_asset, currency), "a file", false],
    [lasting(whole.device_s + whole.judged_s), `on devices, ${lasting(whole.judged_s)} of it judging`, false],
    [lasting(whole.reviewer_s), "of reviewers' time", false],
  ];
  const priceless = bill.unpriced.length ? el("p", { class: "note" }, `No price is set for ${bill.unpriced.join(", ")}: its seconds count as free. See the setting device_prices.`) : null;
  return el("ul", { class: "tiles" }, ...facts.map(([number, words, warn]) => el("li", { class: warn ? "late" : null }, el("b", {}, String(number)), el("span", {}, String(words)))), priceless);
}

/** @param {Standing} work @param {{name: string, tone: string}[]} series @param {string} title @param {string} says */
function jobs(work, series, title, says) {
  const kinds = [...new Set(work.jobs.map(({ kind }) => kind))].sort();
  const count = (/** @type {string} */ kind, /** @type {string} */ status) => sum(work.jobs.filter((each) => each.kind === kind && each.status === status).map((each) => each.jobs));
  const rows = kinds.map((name) => ({ name, values: series.map((each) => count(name, each.name)) })).filter(({ values }) => sum(values));
  const named = series.map(({ name, tone }) => ({ name: name.replace("_", " "), tone }));
  return figure(title, says, [legend(named), stackedBars(rows, named, { label: says })],
    { head: ["Kind", ...named.map(({ name }) => name)], rows: rows.map(({ name, values }) => [name, ...values]) });
}

/** @param {Standing} work */
function ages(work) {
  const rows = [...work.oldest.map(({ kind, lane, seconds }) => ({ name: `${kind}, ${lane}`, values: [seconds, 0], note: lasting(seconds) })),
    ...work.cases.map(({ kind, oldest_s }) => ({ name: `${kind}, a person`, values: [0, oldest_s], note: lasting(oldest_s) }))];
  const series = [{ name: "for a machine", tone: "asked" }, { name: "for a person", tone: "own" }];
  const says = "How long the oldest has waited";
  return figure("Waiting longest", says, [legend(series), stackedBars(rows.map((row) => ({ ...row, values: row.values.map(Math.round) })), series, { label: says, bare: true })],
    { head: ["What", "seconds"], rows: rows.map(({ name, values }) => [name, Math.round(sum(values))]) });
}

/** @param {Line[]} days */
function daily(days) {
  const rows = days.map(({ name, attempts, shipped }) => ({ day: name, values: /** @type {[number, number]} */ ([shipped, attempts - shipped]) }));
  return figure("Made a day", "Attempts that shipped, and those that did not", [legend(SHIPS), dayBars(rows, SHIPS, "Attempts a day")],
    { head: ["Day", "shipped", "did not", "making", "judging"], rows: days.map((each) => [each.name, each.shipped, each.attempts - each.shipped, lasting(each.device_s), lasting(each.judged_s)]) });
}

/** What costs, to one scale: money where prices are set, else device seconds. @param {Costs} bill @param {Line[]} lines @param {string} title @param {string} says */
function spent(bill, lines, title, says) {
  const priced = bill.whole.cost > 0;
  const amount = (/** @type {Line} */ line) => (priced ? line.cost : line.device_s + line.judged_s);
  const told = (/** @type {Line} */ line) => (priced ? money(line.cost, bill.currency) : lasting(line.device_s + line.judged_s));
  const scale = Math.max(...lines.map(amount), 1e-12) / 1000;
  const series = [{ name: priced ? `cost in ${bill.currency}` : "device time", tone: "mended" }];
  const rows = lines.slice(0, DEAREST).map((line) => ({ name: line.name, values: [Math.max(1, Math.round(amount(line) / scale))], note: told(line) }));
  const cells = lines.slice(0, 100).map((line) => [line.name, line.attempts, line.shipped, lasting(line.device_s), lasting(line.judged_s), money(line.cost, bill.currency), line.cost_per_asset === null ? "–" : money(line.cost_per_asset, bill.currency), lasting(line.reviewer_s)]);
  return figure(title, says, [legend(series), stackedBars(rows, series, { label: says, bare: true })],
    { head: ["What", "attempts", "shipped", "making", "judging", "cost", "a file", "reviewers"], rows: cells });
}

/** @param {Decided[]} decided */
function verdicts(decided) {
  const series = [{ name: "accepted", tone: "good" }, { name: "repaired", tone: "mended" }, { name: "reviewed", tone: "asked" }, { name: "rejected", tone: "bad" }, { name: "failed", tone: "gone" }];
  const rows = decided.map((each) => ({ name: `${each.kind} · ${each.backend}`, values: series.map(({ name }) => each[name]) })).filter(({ values }) => sum(values));
  const noted = rows.map((row) => ({ ...row, note: `of ${sum(row.values)}` }));
  const says = "What the gate decided, by kind and backend";
  return figure("Verdicts", says, [legend(series), stackedBars(noted, series, { share: true, label: says })],
    { head: ["Kind and backend", ...series.map(({ name }) => name)], rows: rows.map(({ name, values }) => [name, ...values]) });
}

/** @param {number} amount @param {string} currency */
function money(amount, currency) {
  const digits = amount === 0 || amount >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(amount)));
  return new Intl.NumberFormat("en", { style: "currency", currency, minimumFractionDigits: 2, maximumFractionDigits: Math.max(2, digits) }).format(amount);
}

/** @param {number} seconds */
function lasting(seconds) {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

async function refresh() {
  const days = Number(/** @type {HTMLSelectElement} */ (find("#days")).value);
  try {
    const [bill, work, stats] = await Promise.all([costs(days), standing(), queueStats(days)]);
    const open = [...document.querySelectorAll("figure")].map((each) => Boolean(each.querySelector("details[open]")));
    const more = bill.skus_in_all > DEAREST ? `The ${DEAREST} dearest of ${bill.skus_in_all}` : "Every attempt included";
    find("#plots").replaceChildren(tiles(bill, work), jobs(work, WAITS, "What waits", "Jobs under way by kind"), ages(work),
      jobs(work, ENDED, "What ended", "Jobs that ended, by kind, of all time"), daily(bill.days), verdicts(stats.decided),
      spent(bill, bill.makers, "Costs by maker", "By kind and backend, every attempt included"), spent(bill, bill.skus, "Costs by product", more));
    document.querySelectorAll("figure").forEach((each, at) => each.querySelector("details")?.toggleAttribute("open", open[at] ?? false));
    find("#when").textContent = `As of ${new Date().toLocaleTimeString()}; costs since ${new Date(bill.since).toLocaleDateString()}`;
    find("#trouble").textContent = "";
  } catch (error) {
    find("#trouble").textContent = `The numbers are old: ${error instanceof Error ? error.message : error}`;
  }
}

find("#days").addEventListener("change", refresh);
setInterval(() => document.visibilityState === "visible" && refresh(), REFRESH_MS);
await refresh();
