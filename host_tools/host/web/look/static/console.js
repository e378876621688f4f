// What makes the console live: it hears what changes, shows it where it stands, and says when it hears nothing.
// Every word stands in the page; without this script the page is whole, and is loaded anew by its link.

import { AGAIN_MS, GONE_MS, byId, follow, parsed } from "./live.js";

const POLL_MS = 5000; // where there are too many streams
const RING_MS = 15000; // from one sound to the next while nobody has taken an alarm
const SOUND = "sound"; // what a browser keeps of its wish
const HEARD = "heard"; // and of the alarms that it has sounded for, from page to page

const title = document.title;
let heard = new Set(JSON.parse(sessionStorage.getItem(HEARD) ?? "[]"));
let calls = [];
let sound = null;
let rings = 0;
let lastMs = Date.now();

// Puts new nodes in the place of old ones: what is typed, opened and focused stays so.
function replace(place, nodes) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  const typed = new Map();
  for (const field of place.querySelectorAll("input[id], select[id]")) typed.set(field.id, field.value);
  const opened = [...place.querySelectorAll("details[open]")].map((one) => one.id);
  place.replaceChildren(...nodes);
  for (const [id, value] of typed) if (byId(id)) byId(id).value = value;
  for (const id of opened) if (byId(id)) byId(id).open = true;
  if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
}

function show(part, html) {
  const place = byId(`part-${part}`);
  if (!place || place.dataset.shown === html) return;
  place.dataset.shown = html;
  replace(place, [...parsed(html).body.childNodes]);
}

function call(now) {
  const isNew = now.some((one) => !heard.has(one));
  heard = new Set(now);
  sessionStorage.setItem(HEARD, JSON.stringify(now));
  calls = now;
  document.title = now.length ? `(${now.length}) ${title}` : title;
  if (isNew) ring();
}

// Two tones, twice: a sound that is heard and frightens nobody.
function ring() {
  rings += 1;
  document.body.dataset.rings = String(rings);
  if (!sound || sound.state !== "running") return;
  for (const [at, pitch] of [[0, 880], [0.25, 660], [0.7, 880], [0.95, 660]]) {
    const tone = sound.createOscillator();
    const loudness = sound.createGain();
    const begin = sound.currentTime + at;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, begin);
    loudness.gain.linearRampToValueAtTime(0.4, begin + 0.02);
    loudness.gain.linearRampToValueAtTime(0, begin + 0.22);
    tone.connect(loudness).connect(sound.destination);
    tone.start(begin);
    tone.stop(begin + 0.24);
  }
}

function showSound() {
  const is = sound?.state === "running";
  byId("sound-on").hidden = is;
  byId("sound-off").hidden = !is;
}

function soundOn() {
  sound ??= new AudioContext();
  sound.onstatechange = showSound;
  sound.resume().then(showSound);
  localStorage.setItem(SOUND, "on");
}

function soundOff() {
  localStorage.removeItem(SOUND);
  sound?.suspend().then(showSound);
}

function gone() {
  if (!byId("gone").hidden) return;
  byId("gone-since").dateTime = new Date(lastMs).toISOString();
  byId("gone-since").textContent = new Date(lastMs).toLocaleTimeString(document.documentElement.lang, {
    hour12: false,
  });
  byId("gone").hidden = false;
  document.body.classList.add("is-gone");
}

function there() {
  lastMs = Date.now();
  byId("gone").hidden = true;
  document.body.classList.remove("is-gone");
}

function take(event, data) {
  if (event === "ended") location.assign(`/sign-in?back=${encodeURIComponent(location.pathname)}`);
  if (event === "anew") location.reload();
  if (event !== "part") return;
  const said = JSON.parse(data);
  show(said.part, said.html);
  if (said.part === "bar") call(said.calls);
}

// The page as it is now, where it is not told of changes.
async function poll() {
  const answer = await fetch(location.href);
  if (!answer.ok || new URL(answer.url).pathname !== location.pathname) return location.reload();
  const page = parsed(await answer.text());
  for (const place of document.querySelectorAll("[id^=part-]")) {
    const now = page.getElementById(place.id);
    if (now && now.innerHTML !== place.dataset.polled) {
      place.dataset.polled = now.innerHTML;
      replace(place, [...now.childNodes]);
    }
  }
  call([...document.querySelectorAll(".card.is-alarm")].map((card) => card.id));
  there();
}

async function live() {
  for (;;) {
    const abort = new AbortController();
    const late = setTimeout(() => abort.abort(), GONE_MS);
    let pause = AGAIN_MS;
    try {
      const answer = await fetch(`/console/stream?part=${encodeURIComponent(document.body.dataset.part)}`, { signal: abort.signal });
      clearTimeout(late);
      if (answer.status === 401) take("ended");
      if (answer.status === 503) {
        await poll();
        pause = POLL_MS;
      } else if (answer.ok) {
        await follow(answer, () => abort.abort(), take, there);
        gone();
      }
    } catch {
      gone();
    }
    clearTimeout(late);
    await new Promise((resolve) => setTimeout(resolve, pause + Math.random() * AGAIN_MS));
  }
}

byId("anew")?.setAttribute("hidden", "");
byId("sound-on").addEventListener("click", soundOn);
byId("sound-off").addEventListener("click", soundOff);
if (localStorage.getItem(SOUND) === "on") {
  soundOn();
  // A browser may hold sound back until somebody has done something on the page.
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => sound.resume().then(showSound), { once: true });
}
showSound();
setInterval(() => {
  if (calls.length) ring();
}, RING_MS);
live();
