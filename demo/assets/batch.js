// The table as it stands: new rows are added, sorting stays with the reader and off the server.
const batch = element.querySelector(".eb-batch");
const bar = element.querySelector("progress");
const words = element.querySelector(".eb-words");
const notes = element.querySelector(".eb-notes");
const body = element.querySelector("tbody");
const heads = [...element.querySelectorAll("th[data-key]")];
const ENDS = { done: "Done", stopped: "Stopped" };
let sorted = null;
let made = [];

function cell(row, text, name) {
  const made = row.insertCell();
  made.textContent = text;
  made.className = name || "";
  return made;
}

function makeRow(file, index) {
  const row = document.createElement("tr");
  const keys = { ...file, pixels: file.width ? file.width * file.height : null, index };
  const picture = cell(row, "");
  cell(row, file.name, "eb-name");
  if (file.problem) {
    cell(row, file.problem, "eb-problem").colSpan = 5;
    return { row, keys };
  }
  const image = document.createElement("img");
  image.src = file.thumbnail;
  image.alt = "";
  picture.append(image);
  const answer = cell(row, file.label, "eb-answer eb-" + file.tone);
  if (file.remarks) answer.append(Object.assign(document.createElement("small"), { textContent: file.remarks }));
  cell(row, file.likely);
  cell(row, file.marked === null ? "\u2013" : share(file.marked));
  cell(row, file.width + " \u00d7 " + file.height);
  cell(row, file.seconds.toFixed(1));
  return { row, keys };
}

function share(value) {
  if (value === 0) return "none";
  return value < 0.01 ? "< 1 %" : Math.round(value * 100) + " %";
}

function duration(seconds) {
  if (seconds < 90) return Math.max(1, Math.round(seconds)) + " s";
  return Math.round(seconds / 60) + " min";
}

function order() {
  const rows = [...made];
  if (sorted) {
    const { key, way } = sorted;
    rows.sort((a, b) => {
      const [x, y] = [a.keys[key], b.keys[key]];
      const empty = (value) => value === undefined || value === null;
      if (empty(x) || empty(y)) return empty(x) - empty(y) || a.keys.index - b.keys.index;
      const compared = typeof x === "string" ? x.localeCompare(y, undefined, { numeric: true }) : x - y;
      return way * compared || a.keys.index - b.keys.index;
    });
  }
  body.append(...rows.map((entry) => entry.row));
}

function tell(table) {
  const count = table.rows.length;
  bar.max = table.total || 1;
  bar.value = count;
  const parts = [count + " of " + table.total];
  if (table.state === "running") {
    if (table.current) parts.push(table.current);
    if (table.left !== null) parts.push("about " + duration(table.left) + " left");
  } else {
    parts.unshift(ENDS[table.state] || "");
    const unread = table.rows.filter((row) => row.problem).length;
    if (unread) parts.push(unread + " could not be read");
  }
  words.textContent = parts.filter(Boolean).join(" \u00b7 ");
  notes.hidden = !table.notes.length;
  notes.replaceChildren(
    ...table.notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
  );
}

watch("value", () => {
  const table = props.value;
  batch.hidden = !table || table.state === "idle";
  if (batch.hidden) return;
  const same = made.length <= table.rows.length && made.every((entry, i) => entry.keys.name === table.rows[i].name);
  if (!same) {
    made = [];
    body.replaceChildren();
  }
  const before = made.length;
  for (let i = before; i < table.rows.length; i++) made.push(makeRow(table.rows[i], i));
  if (made.length > before) order();
  tell(table);
});

for (const head of heads) {
  head.querySelector("button").addEventListener("click", () => {
    const key = head.dataset.key;
    const way = sorted && sorted.key === key ? -sorted.way : key === "name" || key === "label" ? 1 : -1;
    sorted = { key, way };
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    order();
  });
}
