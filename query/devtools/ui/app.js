"use strict";

const byId = (id) => document.getElementById(id);
let selected = ""; // key of the query that is shown, as JSON
let lost = 0;
let planned = 0; // timer of the next refresh
let hurried = false; // it is soon

// element makes an element of texts and elements; texts are never taken for HTML.
function element(name, ...content) {
  const e = document.createElement(name);
  e.append(...content);
  return e;
}

function label(state) {
  const b = element("b", state);
  b.className = state;
  return b;
}

// stateOf is the one word that says most about a query.
function stateOf(q) {
  if (q.fetchStatus !== "idle") return q.fetchStatus;
  if (q.status === "error") return "error";
  if (!q.active) return "inactive";
  return q.stale ? "stale" : "fresh";
}

function age(now, at) {
  if (!at) return "–";
  const s = Math.max(0, (Date.parse(now) - Date.parse(at)) / 1000);
  if (s < 120) return `${s.toFixed(0)} s`;
  return s < 7200 ? `${(s / 60).toFixed(0)} min` : `${(s / 3600).toFixed(0)} h`;
}

function rowOf(...cells) {
  return element("tr", ...cells.map((c) => element("td", c)));
}

function queryRow(now, q) {
  const row = rowOf(label(stateOf(q)), q.key, q.observers, age(now, q.dataUpdatedAt), q.dataUpdateCount, q.errorUpdateCount);
  row.tabIndex = 0;
  row.setAttribute("aria-selected", q.key === selected);
  const pick = () => { selected = q.key; refresh(); };
  row.addEventListener("click", pick);
  row.addEventListener("keydown", (e) => { if (e.key === "Enter") pick(); });
  return row;
}

function mutationRow(now, m) {
  const state = m.paused ? "paused" : m.status;
  return rowOf(label(state), m.key, m.scope || "", age(now, m.submittedAt), m.failureCount);
}

// upTo is a bound of times in milliseconds; more than an hour is below zero.
function upTo(ms) {
  if (ms === undefined) return "–";
  if (ms < 0) return "over 1 h";
  if (ms < 1000) return `${ms} ms`;
  return ms < 120000 ? `${ms / 1000} s` : `${ms / 60000} min`;
}

function statsRow(s) {
  const answers = s.changed + s.unchanged;
  const unchanged = answers ? `${Math.round((100 * s.unchanged) / answers)} %` : "–";
  return rowOf(s.prefix || "others", s.fetches, s.failures, unchanged, s.pushed, s.joined, s.batched,
    upTo(s.latency95), upTo(s.readAge95), upTo(s.age95));
}

async function showStats() {
  const answer = await fetch("api/stats").catch(() => null);
  if (answer?.ok) byId("stats").replaceChildren(...(await answer.json()).map(statsRow));
}

async function refresh() {
  clearTimeout(planned);
  hurried = false;
  planned = setTimeout(refresh, 5000); // ages grow without events
  const answer = await fetch("api/cache?filter=" + encodeURIComponent(byId("filter").value)).catch(() => null);
  if (!answer || !answer.ok) {
    byId("signals").textContent = "the server does not answer";
    return;
  }
  const c = await answer.json();
  byId("signals").textContent = `${c.online ? "online" : "offline"}, ${c.focused ? "focused" : "not focused"}`;
  byId("total").textContent = c.total > c.queries.length ? `${c.queries.length} of ${c.total}` : `${c.total}`;
  const focused = document.activeElement?.closest("#queries tr");
  const place = focused ? [...byId("queries").children].indexOf(focused) : -1;
  byId("queries").replaceChildren(...c.queries.map((q) => queryRow(c.now, q)));
  byId("queries").children[place]?.focus();
  byId("mutations").replaceChildren(...c.mutations.reverse().map((m) => mutationRow(c.now, m)));
  byId("actions").hidden = !c.actions;
  await Promise.all([showSelected(), showStats()]);
}

async function showSelected() {
  byId("detail").hidden = selected === "";
  if (selected === "") return;
  const key = selected;
  const answer = await fetch("api/query?key=" + encodeURIComponent(key)).catch(() => null);
  if (!answer || key !== selected) return;
  const d = await answer.json();
  byId("key").textContent = key;
  byId("findings").replaceChildren(...(d.findings || [{ text: d.error }]).map((f) => element("li", f.text)));
  byId("data").textContent = d.data || `No data shown: ${d.noData || "gone"}.`;
}

async function act(action) {
  const body = `{"action": ${JSON.stringify(action)}, "key": ${selected}}`;
  const answer = await fetch("api/actions", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) byId("signals").textContent = (await answer.json()).error;
  refresh();
}

// soon merges what happens in a moment into one refresh.
function soon() {
  if (hurried) return;
  hurried = true;
  clearTimeout(planned);
  planned = setTimeout(refresh, 150);
}

function hear(message) {
  const ev = JSON.parse(message.data);
  lost += ev.lost || 0;
  byId("lost").textContent = lost ? `${lost} missed` : "";
  const about = ev.query || ev.mutation;
  const line = [ev.at.slice(11, 19), ev.action || ev.kind, about ? about.key : ""].join(" ");
  byId("events").prepend(element("li", line));
  while (byId("events").childElementCount > 200) byId("events").lastChild.remove();
  soon();
}

byId("filter").addEventListener("input", soon);
byId("actions").addEventListener("click", (e) => { if (e.target.tagName === "BUTTON") act(e.target.textContent); });
new EventSource("api/events").onmessage = hear;
refresh();
