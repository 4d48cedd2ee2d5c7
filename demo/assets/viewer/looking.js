// The chosen layer over the picture, and one sentence on how to read it.
function chosen() {
  return choices.find((choice) => choice.checked).value;
}

function ownThreshold() {
  return view && Math.abs(threshold.value / 100 - view.threshold) < 0.006;
}

function area() {
  if (maps.soft && !ownThreshold()) return cutAt(maps.soft, threshold.value / 100);
  return maps.mask ? cutAt(maps.mask, 0) : null;
}

// A map can pass the threshold although the verdict marks nothing: that must not look like a fault.
function unmarked() {
  return maps.peak > view.threshold
    ? "Nothing is marked: parts of the heat map pass the threshold and deserve a look, but the answer as a whole does not bear them out."
    : "Nothing is marked: nothing on the heat map passes the threshold.";
}

function sentence(name, share) {
  if (!view) return "";
  if (name === "heat") return "The brighter, the more suspicious. " + (view.marked ? "What passes the threshold is marked." : unmarked());
  if (name === "reliability") {
    return "Veiled: where the pixels themselves say too little, whatever was done to them. " +
      (view.reasons || "Nothing here speaks against the pixels.");
  }
  if (!ownThreshold() && maps.soft) {
    const percent = share < 0.001 ? "Nothing" : (share * 100).toPrecision(2) + " %";
    return percent + " would be marked at this threshold. The verdict's own is " +
      view.threshold.toFixed(2) + (view.marked ? "." : ", and it marks nothing.");
  }
  if (!view.marked) return maps.soft ? unmarked() : view.empty;
  if (name === "mask") return "White is marked. The download has the picture's stored size.";
  return (name === "marked" ? "Tinted and outlined" : "Outlined") + ": what the detector holds to be altered.";
}

function paint() {
  painting = 0;
  const name = chosen();
  viewer.dataset.layer = name;
  const { width, height } = maps;
  const inside = view && ["marked", "contour", "mask"].includes(name) ? area() : null;
  const share = inside ? shareOf(inside) : 0;
  const empty = !view || (name === "heat" ? !maps.soft : name === "reliability" ? !maps.reliability : !share);
  layer.hidden = empty && !(inside && name === "mask" && !ownThreshold());
  if (!layer.hidden) {
    layer.width = width;
    layer.height = height;
    const context = layer.getContext("2d", { willReadFrequently: true });
    const pixels = context.createImageData(width, height);
    const out = new Uint32Array(pixels.data.buffer);
    if (name === "heat") paintHeat(out, maps.soft);
    else if (name === "reliability") paintVeil(out, maps.reliability, width);
    else if (name === "mask") paintMask(out, inside);
    else paintArea(out, inside, width, height, name === "marked");
    context.putImageData(pixels, 0, 0);
  }
  layer.dataset.share = share.toFixed(5);
  threshold.disabled = !maps.soft || name === "heat" || name === "reliability";
  legend.textContent = sentence(name, share);
}

function repaint() {
  thresholdValue.textContent = (threshold.value / 100).toFixed(2);
  if (!painting) painting = requestAnimationFrame(paint);
}
