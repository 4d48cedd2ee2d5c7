// The picture with one layer over it. Sliders only change CSS: the server is not asked again.
const viewer = element.querySelector(".es-viewer");
const stage = element.querySelector(".es-stage");
const picture = element.querySelector(".es-picture");
const layer = element.querySelector(".es-layer");
const divider = element.querySelector(".es-divider");
const compare = element.querySelector(".es-compare input");
const opacity = element.querySelector(".es-opacity input");
const opacityValue = element.querySelector(".es-opacity output");
const legend = element.querySelector(".es-legend");
const choices = [...element.querySelectorAll(".es-segments input")];
const LEGENDS = {
  marked: "Tinted and outlined: what the detector holds to be altered.",
  heat: "The brighter, the more suspicious. Only what passes the detector's threshold is marked.",
  mask: "White is marked. The download has the picture's stored size.",
};
let preview = null;
let view = null;

function show() {
  const chosen = choices.find((choice) => choice.checked).value;
  const file = view && view[chosen];
  viewer.dataset.layer = chosen;
  layer.hidden = !file;
  if (file && layer.src !== new URL(file.url, location.href).href) layer.src = file.url;
  legend.textContent = file ? LEGENDS[chosen] : view ? view.empty : "";
}

function fade() {
  layer.style.opacity = opacity.value / 100;
  opacityValue.textContent = opacity.value + " %";
}

function cut() {
  stage.classList.toggle("es-comparing", compare.checked);
  stage.style.setProperty("--cut", divider.value + "%");
}

function frame(width, height) {
  stage.style.setProperty("--w", width);
  stage.style.setProperty("--h", height);
  stage.classList.toggle("es-tiny", Math.max(width, height) < 200);
}

function forgetPreview() {
  if (preview) URL.revokeObjectURL(preview);
  preview = null;
}

window.addEventListener("editscope:start", (event) => {
  forgetPreview();
  preview = event.detail.url;
  view = null;
  const local = new Image();
  local.onload = () => {
    if (preview !== local.src || view) return;
    frame(local.naturalWidth, local.naturalHeight);
    picture.src = local.src;
    picture.hidden = false;
  };
  local.src = preview;
  picture.hidden = true;
  viewer.hidden = false;
  viewer.dataset.state = "busy";
  show();
  // On a phone the picture is below the fold: say that something happens.
  viewer.scrollIntoView({ block: "nearest", behavior: "smooth" });
});

window.addEventListener("editscope:failed", () => {
  forgetPreview();
  viewer.hidden = true;
  viewer.dataset.state = "idle";
});

watch("value", () => {
  view = props.value && props.value.picture ? props.value : null;
  viewer.hidden = !view;
  viewer.dataset.state = view ? "done" : "idle";
  if (view) {
    frame(view.width, view.height);
    picture.src = view.picture.url;
    picture.alt = view.alt;
    picture.hidden = false;
    for (const choice of choices) choice.disabled = choice.value !== "marked" && !view[choice.value];
    choices[0].checked = true;
    show();
  }
  picture.decode().catch(() => {}).then(forgetPreview);
  window.dispatchEvent(new CustomEvent("editscope:done"));
  if (matchMedia("(max-width: 800px)").matches) {
    document.getElementById("es-verdict")?.scrollIntoView({ behavior: "smooth" });
  }
});

for (const choice of choices) choice.addEventListener("change", show);
opacity.addEventListener("input", fade);
divider.addEventListener("input", cut);
compare.addEventListener("change", cut);
fade();
cut();
