/* What is wider than its place and is moved in it must be reached by keyboard too, also where the browser itself does
   not see to that and nothing in it can be pressed. */

const SCROLLED = ".wide, .register, .card, .table-box, .timeline-scroll";
const PRESSED = "a[href], button, input, select, textarea, summary, [tabindex]";

function reachable() {
  for (const place of document.querySelectorAll(SCROLLED)) {
    const wider = place.scrollWidth > place.clientWidth + 1 && getComputedStyle(place).overflowX !== "visible";
    if (wider && !place.querySelector(PRESSED)) place.tabIndex = 0;
  }
}

addEventListener("resize", reachable);
reachable();
