// The courier's page: room is asked for again each minute, an answer that waits every two seconds.
const ROOM_MS = 60_000;
const WAIT_MS = 2_000;

const policy = globalThis.trustedTypes?.createPolicy("ansim", { createHTML: (text) => text });

/** The elements of a part of a page that this host has rendered. */
function parts(text) {
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  return page.body.childNodes;
}

function followRoom(room) {
  const lost = document.querySelector("[data-lost]");
  const title = lost.querySelector("strong");
  async function look() {
    try {
      const answer = await fetch(room.dataset.room, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      room.replaceChildren(...parts(await answer.text()));
      room.hidden = false;
      lost.hidden = true;
    } catch {
      if (lost.hidden) {
        const time = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
        title.textContent = lost.dataset.lost.replace("%", time);
      }
      room.hidden = true; // what is old is not shown as true
      lost.hidden = false;
    }
  }
  setInterval(look, ROOM_MS);
  addEventListener("online", look);
  addEventListener("pageshow", (event) => event.persisted && look());
}

function followAnswer() {
  setInterval(async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status !== 202) location.reload();
    } catch {
      // asked again in a moment
    }
  }, WAIT_MS);
}

const room = document.querySelector("[data-room]");
if (room) followRoom(room);
if (document.querySelector("[data-waits]")) followAnswer();
