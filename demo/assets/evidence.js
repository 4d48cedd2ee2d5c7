// One view of the picture: asked for only when it can be seen, opened large on a click.
const empty = element.querySelector(".ev-empty");
const body = element.querySelector(".ev-body");
const dialog = element.querySelector(".ev-dialog");
const large = dialog.querySelector("img");
const size = dialog.querySelector(".ev-size");
let asked = null;
let inSight = false;

function ask() {
  const exhibit = props.value;
  if (!inSight || !exhibit || !exhibit.pending || asked === exhibit.serial) return;
  asked = exhibit.serial;
  trigger("submit");
}

function fill(selector, file, words) {
  const button = element.querySelector(selector);
  const image = button.querySelector("img");
  button.hidden = !file;
  image.alt = file ? words : "";
  if (file) image.src = file.url;
  else image.removeAttribute("src");
}

function show() {
  const exhibit = props.value;
  const ready = Boolean(exhibit && exhibit.title);
  body.hidden = !ready;
  empty.textContent = ready ? "" : exhibit && exhibit.pending ? "Looking\u2026" : "Send a picture first.";
  if (dialog.open) dialog.close();
  if (ready) {
    fill(".ev-picture", exhibit.picture, exhibit.alt);
    fill(".ev-chart", exhibit.chart, exhibit.picture ? "Scale or chart for it" : exhibit.alt);
    for (const part of ["title", "caption", "read", "misleads"]) {
      element.querySelector(".ev-" + part).textContent = exhibit[part];
    }
    const warnings = exhibit.warnings.map((words) => {
      const item = document.createElement("li");
      item.textContent = words;
      return item;
    });
    element.querySelector(".ev-warnings").replaceChildren(...warnings);
  }
  ask();
}

function enlarge(full) {
  dialog.classList.toggle("ev-full", full);
  size.setAttribute("aria-pressed", String(full));
}

for (const button of element.querySelectorAll(".ev-open")) {
  button.addEventListener("click", () => {
    const image = button.querySelector("img");
    large.src = image.src;
    large.alt = image.alt;
    enlarge(false);
    dialog.showModal();
  });
}
size.addEventListener("click", () => enlarge(!dialog.classList.contains("ev-full")));
large.addEventListener("click", () => enlarge(!dialog.classList.contains("ev-full")));
dialog.querySelector(".ev-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

// In sight means that the tab is open: on a phone the panel may still be a screen further down.
const sight = new IntersectionObserver(
  (entries) => {
    inSight = entries[entries.length - 1].isIntersecting;
    ask();
  },
  { rootMargin: "4000px 0px" },
);
sight.observe(element.querySelector(".ev-exhibit"));
watch("value", show);
show();
