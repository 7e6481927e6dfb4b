// While a volume is being made, the list of volumes is fetched anew every two seconds, and nothing else of the page.

const EVERY_MS = 2000;

async function look() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("volumes");
  if (!fresh) return;
  const typed = [...document.querySelectorAll(".volume-side input:not([type=hidden])")].some((field) => field.value);
  if (!fresh.dataset.making && !typed) {
    location.reload(); // it is made: the form for the next one comes back too
    return;
  }
  document.getElementById("volumes").replaceWith(fresh);
  if (fresh.dataset.making) setTimeout(look, EVERY_MS);
}

if (document.getElementById("volumes")?.dataset.making) setTimeout(look, EVERY_MS);
