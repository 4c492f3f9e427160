// @ts-check
/** The dashboard: how the queue stands, who answers how fast, which faults come from where. */

import { queueStats } from "./door.js";
import { el, find } from "./dom.js";
import { cells, dayBars, figure, legend, stackedBars, sum } from "./plots.js";
import { wordOf } from "./words.js";

/** @typedef {{kind: string, age: string, cases: number, held: number, overdue: number, value_at_risk: number}} Waiting */
/** @typedef {{kind: string, backend: string} & Record<string, number>} Decided */
/** @typedef {{reviewer: string, labels: number, passed: number, fixed: number, refused: number, seconds_median: number, seconds_in_all: number, labels_last_hour: number, known: number, agreed: number}} Pace */
/** @typedef {{kind: string, backend: string, fault: string, name: string, named_by: string, cases: number}} Fault */
/** @typedef {{at: string, since: string, waiting: Waiting[], decided: Decided[], reviewers: Pace[], faults: Fault[], days: {day: string, opened: number, answered: number}[]}} Stats */

const REFRESH_MS = 15_000;
const AGES = /** @type {[string, string, string][]} */ ([["hour", "under an hour", "age-1"], ["day", "under a day", "age-2"], ["week", "under a week", "age-3"], ["older", "older", "age-4"]]);
const MACHINE = [{ name: "accepted", tone: "good" }, { name: "repaired", tone: "mended" }, { name: "reviewed", tone: "asked" }, { name: "rejected", tone: "bad" }, { name: "failed", tone: "gone" }];
const PEOPLE = [{ name: "passed", tone: "good" }, { name: "fixed", tone: "mended" }, { name: "refused", tone: "bad" }];
const NAMED = [{ name: "judge", tone: "asked" }, { name: "person", tone: "own" }];
const FAULTS_MOST = 12;

/** @param {Stats} stats */
function tiles({ waiting, reviewers, decided }) {
  const all = (/** @type {(each: Waiting) => number} */ of) => sum(waiting.map(of));
  const answers = sum(decided.map((each) => each.passed + each.fixed + each.refused));
  const made = sum(decided.map((each) => each.accepted + each.repaired + each.reviewed + each.rejected + each.failed));
  const seconds = sum(reviewers.map((each) => each.seconds_in_all));
  const facts = [
    [String(all((each) => each.cases)), "wait for a person"],
    [String(all((each) => each.held)), "before a reviewer now"],
    [String(all((each) => each.overdue)), "overdue"],
    [all((each) => each.value_at_risk).toFixed(0), "value at risk"],
    [made ? `${Math.round((100 * sum(decided.map((each) => each.accepted))) / made)} %` : "–", "accepted by machine"],
    [answers ? `${(seconds / answers).toFixed(1)} s` : "–", "a case, mean"],
  ];
  return el("ul", { class: "tiles" }, ...facts.map(([number, words]) => el("li", {}, el("b", {}, number), el("span", {}, words))));
}

/** @param {Waiting[]} waiting */
function queue(waiting) {
  const kinds = [...new Set(waiting.map(({ kind }) => kind))].sort();
  const series = AGES.map(([, name, tone]) => ({ name, tone }));
  const rows = kinds.map((name) => ({ name, values: AGES.map(([age]) => sum(waiting.filter((each) => each.kind === name && each.age === age).map(({ cases }) => cases))) }));
  return figure("Queue", "Cases that wait, by kind and age", [legend(series), stackedBars(rows, series, { label: "Cases that wait, by kind and age" })],
    { head: ["Kind", ...series.map(({ name }) => name)], rows: rows.map(({ name, values }) => [name, ...values]) });
}

/** @param {Stats["days"]} days */
function flow(days) {
  const series = [{ name: "opened", tone: "asked" }, { name: "answered", tone: "good" }];
  const rows = days.map(({ day, opened, answered }) => ({ day: day.slice(0, 10), values: /** @type {[number, number]} */ ([opened, answered]) }));
  rows.sort((a, b) => a.day.localeCompare(b.day));
  return figure("Flow", "Cases opened and answered a day", [legend(series), dayBars(rows, series, "Cases opened and answered a day")],
    { head: ["Day", "opened", "answered"], rows: rows.map(({ day, values }) => [day, ...values]) });
}

/** @param {Decided[]} decided @param {typeof MACHINE} series @param {string} title @param {string} says */
function rates(decided, series, title, says) {
  const rows = decided.map((each) => ({ name: `${each.kind} · ${each.backend}`, values: series.map(({ name }) => each[name]) })).filter(({ values }) => sum(values));
  rows.sort((a, b) => sum(b.values) - sum(a.values));
  const noted = rows.map((row) => ({ ...row, note: `of ${sum(row.values)}` }));
  return figure(title, says, [legend(series), stackedBars(noted, series, { share: true, label: says })],
    { head: ["Kind and backend", ...series.map(({ name }) => name)], rows: rows.map(({ name, values }) => [name, ...values]) });
}

/** @param {Pace[]} reviewers */
function pace(reviewers) {
  const right = (/** @type {Pace} */ each) => (each.known ? `${each.agreed} of ${each.known}` : "–");
  const rows = reviewers.map((each) => ({ name: each.reviewer, values: [each.passed, each.fixed, each.refused], note: `${each.seconds_median.toFixed(1)} s${each.known ? ` · ${right(each)}` : ""}` }));
  return figure("Reviewers", "Answers, the median time from seeing a case to answering it, and how many faults planted on purpose were caught", [legend(PEOPLE), stackedBars(rows, PEOPLE, { label: "Answers of each reviewer" })],
    { head: ["Reviewer", "answers", "last hour", "median s", "passed", "fixed", "refused", "planted faults caught"], rows: reviewers.map((each) => [each.reviewer, each.labels, each.labels_last_hour, each.seconds_median.toFixed(1), each.passed, each.fixed, each.refused, right(each)]) });
}

/** A fault in the words of the review page; one kind has other words in other media. @param {Fault} each */
const nameOf = (each) => each.name || wordOf([], each.fault).name;

/** @param {Fault[]} faults */
function faultsByKind(faults) {
  const count = (/** @type {string} */ fault, /** @type {string} */ by) => sum(faults.filter((each) => nameOf(each) === fault && each.named_by === by).map(({ cases }) => cases));
  const rows = ranked(faults).map((fault) => ({ name: fault, values: NAMED.map(({ name }) => count(fault, name)) }));
  const noted = rows.map((row) => ({ ...row, note: row.values.join(" / ") }));
  return figure("Faults by kind", "Cases in which the judge (major faults) or a person named the fault", [legend(NAMED), stackedBars(noted, NAMED, { label: "Faults by kind" })],
    { head: ["Fault", "judge", "person"], rows: rows.map(({ name, values }) => [name, ...values]) });
}

/** @param {Fault[]} faults */
function faultsByBackend(faults) {
  const backends = [...new Set(faults.map(({ backend }) => backend))].sort();
  const names = ranked(faults);
  const count = (/** @type {string} */ fault, /** @type {string} */ backend) => Math.max(0, ...NAMED.map(({ name }) => sum(faults.filter((each) => nameOf(each) === fault && each.backend === backend && each.named_by === name).map(({ cases }) => cases))));
  return figure("Faults by backend", "Cases with the fault, of each maker", [cells(names, backends, count, "Faults by backend")],
    { head: ["Fault", ...backends], rows: names.map((fault) => [fault, ...backends.map((backend) => count(fault, backend))]) });
}

/** The names of the faults named most, most first. @param {Fault[]} faults */
function ranked(faults) {
  const names = [...new Set(faults.map(nameOf))];
  const all = (/** @type {string} */ name) => sum(faults.filter((each) => nameOf(each) === name).map(({ cases }) => cases));
  return names.sort((a, b) => all(b) - all(a)).slice(0, FAULTS_MOST);
}

/** @param {Stats} stats */
function draw(stats) {
  find("#when").textContent = `As of ${new Date(stats.at).toLocaleTimeString()}; rates since ${new Date(stats.since).toLocaleDateString()}`;
  const open = [...document.querySelectorAll("figure")].map((each) => Boolean(each.querySelector("details[open]")));
  find("#plots").replaceChildren(tiles(stats), queue(stats.waiting), flow(stats.days),
    rates(stats.decided, MACHINE, "What machines decide", "Verdicts of the gate by kind and backend"),
    rates(stats.decided, PEOPLE, "What people answer", "Answers to cases by kind and backend"),
    pace(stats.reviewers), faultsByKind(stats.faults), faultsByBackend(stats.faults));
  document.querySelectorAll("figure").forEach((each, at) => each.querySelector("details")?.toggleAttribute("open", open[at] ?? false));
}

async function refresh() {
  try {
    draw(await queueStats());
    find("#trouble").textContent = "";
  } catch (error) {
    find("#trouble").textContent = `The numbers are old: ${error instanceof Error ? error.message : error}`;
  }
}

setInterval(() => document.visibilityState === "visible" && refresh(), REFRESH_MS);
await refresh();
