/* A trial that still runs: the page asks for itself every few seconds and puts in what has changed. */

const EVERY_MS = 3000;
const going = document.querySelector("#going");

async function lookAgain() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#going");
  if (!answer.ok || fresh === null) {
    location.reload(); // it has ended, or there is something to say instead of it
    return;
  }
  for (const part of ["[role='status']", "progress"]) {
    going.querySelector(part).replaceWith(fresh.querySelector(part)); // the button beside them keeps the focus
  }
  soon();
}

const soon = () => setTimeout(() => lookAgain().catch(soon), EVERY_MS);

soon();
