// Keeps an open page what the table says: it waits for marks and fetches itself again when its own is another. Without
// this script the page is the same, as of when it was loaded. Must never build markup of data.
"use strict";

const LIVE = "Live: changes appear by themselves.";
// A browser goes on by itself after a connection that broke, and never after one that was refused.
const REFUSED_PAUSE = 5000;

const status = document.getElementById("status");
const body = document.body;
let source = null;
let ended = false;
// Whether the last words were about trouble.
let troubled = false;
let fetching = false;
let wanted = "";
let fetchedFor = "";

const say = (text, trouble = false) => {
  troubled = trouble;
  if (status.textContent !== text) status.textContent = text;
};

function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (big, unit, small, sub) => {
    const rest = Math.floor((seconds % big) / small);
    return Math.floor(seconds / big) + " " + unit + (rest ? " " + rest + " " + sub : "");
  };
  if (seconds >= 86400) return two(86400, "d", 3600, "h");
  if (seconds >= 3600) return two(3600, "h", 60, "min");
  if (seconds >= 60) return two(60, "min", 1, "s");
  return seconds + " s";
}

// The server's clock rules: this one may be wrong.
let ahead = Date.now() - Date.parse(body.dataset.now);

function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    element.textContent = span(Date.now() - ahead - Date.parse(element.dataset.since));
  }
}

// What somebody has opened or stands on stays so.
function replace(part, fresh) {
  const opened = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceChildren(...fresh.childNodes);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function fetchAgain() {
  const asked = Date.now();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error("status " + answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const news = fresh.getElementById(part.id);
    if (news) replace(part, news);
  }
  document.title = fresh.title;
  body.dataset.mark = fresh.body.dataset.mark;
  ahead = asked - Date.parse(fresh.body.dataset.now);
  tick();
  say(fresh.body.dataset.news);
  // A deployment that has ended has no more news.
  if (!fresh.body.dataset.live) {
    ended = true;
    source.close();
  }
}

async function heed(mark) {
  wanted = mark;
  // The page may be newer than the look that the mark is of: then it is fetched once for nothing, and not again.
  if (fetching) return;
  if (mark === body.dataset.mark || mark === fetchedFor) {
    // This page is as new as can be, whatever trouble there was.
    if (troubled) say(LIVE);
    return;
  }
  fetching = true;
  fetchedFor = mark;
  try {
    await fetchAgain();
  } catch {
    fetchedFor = "";
    say("The page could not be brought up to date: what you see is old. Trying again.", true);
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
  fetching = false;
  if (!ended) heed(wanted);
}

function listen() {
  if (ended) return;
  source = new EventSource(body.dataset.live);
  source.addEventListener("open", () => say(LIVE));
  source.addEventListener("mark", (event) => heed(event.data));
  source.addEventListener("trouble", () => say("The table cannot be read: what you see may be old.", true));
  source.addEventListener("error", () => {
    say("The connection is lost: what you see may be old. Trying again.", true);
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, REFUSED_PAUSE);
  });
}

if (body.dataset.live) {
  listen();
  setInterval(tick, 1000);
}
