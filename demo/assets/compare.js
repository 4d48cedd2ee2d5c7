// The two pictures, stacked. Everything here only changes CSS: the server is not asked again.
const view = element.querySelector(".ec-view");
const stage = element.querySelector(".ec-stage");
const divider = element.querySelector(".ec-divider");
const gain = element.querySelector(".ec-gain");
const slider = gain.querySelector("input");
const legend = element.querySelector(".ec-legend");
const modes = [...element.querySelectorAll(".ec-modes input")];
const pictures = {};
for (const name of ["first", "second", "difference", "changed"]) {
  pictures[name] = element.querySelector(".ec-" + name);
}
const LEGENDS = {
  slide: "Drag, or use the arrow keys: the first picture on the left, the second on the right.",
  changed: "Tinted: what differs by more than compression and resampling explain, on the second picture.",
  difference: "The absolute difference, amplified. Black is alike, or outside of the first picture. Faint grain along edges comes from compression; a shape of its own does not.",
};

function show() {
  const mode = modes.find((choice) => choice.checked).value;
  stage.dataset.mode = mode;
  pictures.first.hidden = mode !== "slide";
  pictures.difference.hidden = mode !== "difference";
  pictures.changed.hidden = mode !== "changed";
  gain.hidden = mode !== "difference";
  legend.textContent = LEGENDS[mode];
}

function amplify() {
  const factor = 2 ** slider.value;
  pictures.difference.style.filter = "brightness(" + factor + ")";
  gain.querySelector("output").textContent = "\u00d7 " + (factor < 10 ? factor.toFixed(1) : factor.toFixed(0));
}

watch("value", () => {
  const pair = props.value && props.value.second ? props.value : null;
  view.hidden = !pair;
  if (!pair) return;
  stage.style.setProperty("--w", pair.width);
  stage.style.setProperty("--h", pair.height);
  for (const name of Object.keys(pictures)) pictures[name].src = pair[name].url;
  slider.value = Math.log2(pair.gain);
  modes[0].checked = true;
  amplify();
  show();
});

for (const mode of modes) mode.addEventListener("change", show);
slider.addEventListener("input", amplify);
divider.addEventListener("input", () => stage.style.setProperty("--cut", divider.value + "%"));
show();
