// What live pages share: they follow a stream of events, and show what comes in it.

export const GONE_MS = 4500; // without a sign of life; a beat comes each 2 s at least
export const AGAIN_MS = 1000; // until the next try

const policy = window.trustedTypes?.createPolicy("ansim", { createHTML: (html) => html });

export const byId = (id) => document.getElementById(id);

export function parsed(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

// Reads a stream until it ends: `take` has each event with its data, `there` hears of each sign of life,
// `stop` is called when none comes.
export async function follow(answer, stop, take, there) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let silence = setTimeout(stop, GONE_MS);
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    clearTimeout(silence);
    if (done) return;
    silence = setTimeout(stop, GONE_MS);
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.split(": ", 1)[0], line.replace(/^\w*: /, "")]));
      take(fields.get("event"), fields.get("data"));
    }
    if (blocks.length) there();
  }
}
