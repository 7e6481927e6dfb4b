// The countdown of the owner's page: what was left by our clock when the page was made, less the seconds since. The
// phone's own clock may be wrong and is not asked. When it is over, or the camera may have answered, the page is asked for anew.

const shown = document.querySelector("[data-left-s]");
const RELOAD_EVERY_MS = 20_000;

if (shown) {
  const words = shown.dataset.minutes;
  const ends = performance.now() + 1000 * Number(shown.dataset.leftS);
  const tick = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    shown.textContent = words.replace("{m}", Math.floor(left / 60)).replace("{s}", String(left % 60).padStart(2, "0"));
    if (left === 0) location.reload();
    else setTimeout(tick, 1000);
  };
  tick();
}

// somebody who writes is not interrupted
setInterval(() => {
  const text = document.querySelector("textarea");
  if (!text || !text.value) location.reload();
}, RELOAD_EVERY_MS);
