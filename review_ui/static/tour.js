// The order of a dome's tour: a preset is moved by its two buttons, and said where it stands now.

const form = document.querySelector("#tour");
const said = form.querySelector("[role='status']");

function place(row, by) {
  const rows = [...form.querySelectorAll(".tour li")];
  const at = rows.indexOf(row) + by;
  if (at < 0 || at >= rows.length) return;
  rows[at][by < 0 ? "before" : "after"](row);
  said.textContent = form.dataset.moved
    .replace("{preset}", () => row.querySelector("[name='preset']").value)
    .replace("{number}", at + 1)
    .replace("{count}", rows.length);
}

for (const button of form.querySelectorAll("[data-by]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    place(button.closest("li"), Number(button.dataset.by));
    button.focus(); // what is moved in the page loses it
  });
}
