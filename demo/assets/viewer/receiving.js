// A new picture comes in; keys and switches.
function fade() {
  layer.style.opacity = opacity.value / 100;
  opacityValue.textContent = opacity.value + " %";
}

function cut() {
  stage.classList.toggle("es-comparing", compare.checked);
  stage.style.setProperty("--cut", divider.value + "%");
}

function frame(width, height) {
  size.width = width;
  size.height = height;
  stage.style.setProperty("--w", width);
  stage.style.setProperty("--h", height);
  Object.assign(place, { s: 1, x: 0, y: 0 });
  settle();
}

function forgetPreview() {
  if (preview) URL.revokeObjectURL(preview.url);
  preview = null;
}

// With nothing marked, a layer of marks would be empty: the heat map still says something.
function opening() {
  const marks = NEEDS[wanted] === "mask";
  const name = marks && !view.marked && maps.soft ? "heat" : wanted;
  return choices.find((choice) => choice.value === name && !choice.disabled) || choices[0];
}

// How a picture is drawn stays from picture to picture; where one looks starts anew.
function startAnew() {
  magnify.checked = false; // left in the middle, it would hide the new picture
  compare.checked = false; // it would show half of the result
  divider.value = 50;
  cut();
}

function blank() {
  view = null;
  maps = {};
  chosenBox = -1;
  fullState = "none";
  delete stage.dataset.pixels;
  paint();
  drawBoxes();
}

// Gradio tells the place in the queue beside the verdict; say it in words where people look.
function queueInWords() {
  if (viewer.dataset.state !== "busy") return;
  const text = document.querySelector("#es-verdict [data-testid='status-tracker']")?.textContent || "";
  const queue = /queue:\s*(\d+)\/(\d+)/.exec(text);
  const words = queue
    ? "Waiting: place " + queue[1] + " of " + queue[2] + " in the queue"
    : "Examining the picture";
  if (busyWords.textContent !== words) busyWords.textContent = words;
}

const queueWatcher = new MutationObserver(queueInWords);

function waiting() {
  viewer.dataset.state = "busy";
  queueInWords();
  queueWatcher.observe(document.getElementById("es-verdict"), {
    subtree: true, childList: true, characterData: true,
  });
}

async function receive(next) {
  blank();
  if (!next) {
    viewer.hidden = true;
    viewer.dataset.state = "idle";
    return;
  }
  const names = ["mask", "soft", "reliability"].filter((name) => next[name]);
  const [shown, ...loaded] = await Promise.all(
    [next.picture, ...names.map((name) => next[name])].map((file) => loadImage(file.url)));
  if (props.value !== next && props.value?.serial !== next.serial) return; // a later one came
  const { naturalWidth: width, naturalHeight: height } = next.mask ? loaded[0] : shown;
  maps = { width, height };
  names.forEach((name, i) => (maps[name] = greyOf(loaded[i], width, height, name === "soft")));
  maps.peak = maps.soft ? maps.soft.reduce((most, value) => Math.max(most, value), 0) / 255 : 0;
  view = next;
  viewer.hidden = false;
  viewer.dataset.state = "done";
  picture.src = next.picture.url;
  picture.alt = next.alt;
  picture.hidden = false;
  startAnew();
  frame(next.width, next.height);
  for (const choice of choices) {
    choice.disabled = choice.value !== "marked" && !maps[NEEDS[choice.value]];
  }
  opening().checked = true;
  threshold.value = Math.round(next.threshold * 100);
  thresholdValue.textContent = (threshold.value / 100).toFixed(2);
  paint();
  drawBoxes();
}

window.addEventListener("editscope:start", (event) => {
  forgetPreview();
  preview = event.detail;
  blank();
  startAnew();
  const local = new Image();
  local.onload = () => {
    if (preview?.url !== local.src || view) return;
    frame(local.naturalWidth, local.naturalHeight);
    picture.src = local.src;
    picture.hidden = false;
  };
  local.src = preview.url;
  picture.hidden = true;
  viewer.hidden = false;
  waiting();
  // On a phone the picture is below the fold: say that something happens.
  viewer.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
});

window.addEventListener("editscope:again", () => {
  if (!view) return;
  blank(); // the layers were another detector's
  waiting();
});

window.addEventListener("editscope:failed", () => {
  forgetPreview();
  receive(null);
});

watch("value", async () => {
  await receive(props.value && props.value.picture ? props.value : null);
  window.dispatchEvent(new CustomEvent("editscope:done"));
  if (matchMedia("(max-width: 800px)").matches) {
    const behavior = calm.matches ? "auto" : "smooth";
    document.getElementById("es-verdict")?.scrollIntoView({ behavior });
  }
});

document.addEventListener("click", (event) => {
  const wanted = event.target.closest?.("[data-tab]")?.dataset.tab;
  if (!wanted) return;
  const tabs = document.getElementById("es-tabs"); // a narrow one keeps some in a menu
  const buttons = [...tabs.querySelectorAll("button:not([tabindex='-1'])")];
  const tab = buttons.find((each) => each.textContent.trim().toLowerCase() === wanted);
  tab?.click();
  tab?.focus({ preventScroll: true });
  tabs.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-region]");
  if (!button || !view) return;
  const number = Number(button.dataset.region);
  chosenBox = chosenBox === number ? -1 : number;
  boxed.checked = true;
  if (chosenBox >= 0) zoomToBox(view.boxes[chosenBox]);
  else zoomTo(1);
});

stage.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== stage) return;
  const arrows = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const arrow = arrows[event.key];
  const keys = {
    "+": () => zoomTo(place.s * STEP), "=": () => zoomTo(place.s * STEP),
    "-": () => zoomTo(place.s / STEP), "0": () => zoomTo(1), "9": () => zoomTo(1 / fitted()),
    b: () => boxed.click(), m: () => magnify.click(), s: () => compare.click(),
  };
  if (arrow && place.s > 1) pan(arrow[0] * REACH, arrow[1] * REACH);
  else if (arrow && magnify.checked) {
    const [x, y] = spot || [stage.clientWidth / 2, stage.clientHeight / 2];
    spot = [x - arrow[0] * 12, y - arrow[1] * 12];
    moved();
  } else if (keys[event.key.toLowerCase()]) keys[event.key.toLowerCase()]();
  else if (/^[1-5]$/.test(event.key)) choices[Number(event.key) - 1].click();
  else return;
  event.preventDefault();
});

stage.addEventListener("pointermove", (event) => {
  spot = at(event);
  magnifyAt();
  tell();
});
stage.addEventListener("pointerleave", () => {
  spot = null;
  magnifyAt();
  tell();
});
cutter.addEventListener("pointerdown", (event) => {
  cutter.setPointerCapture(event.pointerId);
  event.preventDefault();
  divider.focus({ preventScroll: true });
});
cutter.addEventListener("pointermove", (event) => {
  if (!cutter.hasPointerCapture(event.pointerId)) return;
  divider.value = (at(event)[0] / stage.clientWidth) * 100;
  cut();
});

for (const choice of choices) {
  choice.addEventListener("change", () => {
    wanted = choice.value;
    paint();
  });
}
opacity.addEventListener("input", fade);
threshold.addEventListener("input", repaint);
divider.addEventListener("input", cut);
compare.addEventListener("change", cut);
boxed.addEventListener("change", drawBoxes);
magnify.addEventListener("change", magnifyAt);
fade();
cut();
