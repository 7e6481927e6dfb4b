// Serving and paying: while an order can be paid, the page asks how it stands, and shows at once that it is paid.

const EVERY_MS = 3000;

async function standsStill(order) {
  const answer = await fetch(order.dataset.watch, { headers: { accept: "application/json" } });
  if (!answer.ok) return true; // not told: as it was
  const { state } = await answer.json();
  return state === "open";
}

async function watch(order) {
  while (document.visibilityState === "hidden" || (await standsStill(order))) {
    await new Promise((passed) => setTimeout(passed, EVERY_MS));
  }
  const typing = document.activeElement?.closest("form")?.contains(document.activeElement);
  if (typing) order.dataset.paid = ""; // nothing typed is lost: it is shown, and the page stays
  else location.reload();
}

for (const order of document.querySelectorAll("[data-watch]")) watch(order).catch(() => {});
