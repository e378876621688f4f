// What makes the demonstration live: acts without leaving the page, and each part as it is now.
// Every word stands in the page; without this script each button is a form, and the page comes anew behind it.

import { AGAIN_MS, byId, follow, parsed } from "./live.js";

let acts = Promise.resolve(); // one behind the other: keys arrive in the order in which they were pressed

// Makes one element like another and keeps what is alike: focus, what moves and what is scrolled stay so.
function morph(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName || old.id !== now.id) {
    old.replaceWith(now.cloneNode(true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  within(old, now);
}

function within(old, now) {
  const from = [...old.childNodes];
  const to = [...now.childNodes];
  to.forEach((node, at) => (at < from.length ? morph(from[at], node) : old.append(node.cloneNode(true))));
  for (const node of from.slice(to.length)) node.remove();
}

function show({ part, html }) {
  const place = byId(`part-${part}`);
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  within(place, parsed(html).body);
  if (focused && document.activeElement?.id !== focused) byId(focused)?.focus({ preventScroll: true });
}

function gone(is) {
  byId("gone").hidden = !is;
  document.body.classList.toggle("is-gone", is);
}

function take(_event, data) {
  if (data) show(JSON.parse(data));
}

function there() {
  gone(false);
  document.body.dataset.live = "yes";
}

async function live() {
  for (;;) {
    const abort = new AbortController();
    try {
      const answer = await fetch("/stream", { signal: abort.signal });
      if (answer.ok) await follow(answer, () => abort.abort(), take, there);
    } catch {
      // said below
    }
    if (document.visibilityState === "visible") gone(true);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function act(form, wish) {
  const body = new URLSearchParams({ form: form.elements.form.value, do: wish });
  const ask = async () => {
    const answer = await fetch("/", { method: "POST", body, headers: { "X-Live": "1" } }).catch(() => null);
    if (answer?.status === 403) location.reload(); // the demonstration has begun anew
  };
  if (wish.startsWith("keys ")) acts = acts.then(ask);
  else ask();
}

addEventListener("submit", (event) => {
  const wish = event.submitter?.name === "do" ? event.submitter.value : "";
  if (!wish || event.target.method !== "post") return;
  event.preventDefault();
  act(event.target, wish);
});

addEventListener("keydown", (event) => {
  const pad = byId("keypad");
  if (event.ctrlKey || event.altKey || event.metaKey || !pad?.contains(document.activeElement)) return;
  const wish = `keys ${event.key.toUpperCase()}`;
  if ([...pad.elements].some((key) => key.value === wish)) act(pad, wish);
});

live();
