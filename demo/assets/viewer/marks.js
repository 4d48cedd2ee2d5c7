// Boxes, magnifier, readout: what follows the picture when it is zoomed.
function drawBoxes() {
  const list = view && boxed.checked ? view.boxes : [];
  while (boxes.children.length > list.length) boxes.lastChild.remove();
  list.forEach((box, number) => {
    const made = boxes.children[number] || boxes.appendChild(document.createElement("i"));
    made.dataset.number = number + 1;
    const { clientWidth: width, clientHeight: height } = stage;
    made.style.left = place.x + box.left * width * place.s + "px";
    made.style.top = place.y + box.top * height * place.s + "px";
    made.style.width = (box.right - box.left) * width * place.s + "px";
    made.style.height = (box.bottom - box.top) * height * place.s + "px";
    made.classList.toggle("es-chosen", number === chosenBox);
    made.classList.toggle("es-dimmed", chosenBox >= 0 && number !== chosenBox);
  });
  for (const button of document.querySelectorAll("[data-region]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.region) === chosenBox));
  }
}

// Pixels finer than the screen-size picture has come from the file itself, when they are needed.
async function sharpen() {
  const coarse = picture.naturalWidth < size.width;
  if (!view || !coarse || fullState !== "none" || !preview) return;
  if (view.orientation !== 1 && preview.type !== "image/jpeg") return; // browsers differ there
  const mine = view;
  fullState = "loading";
  try {
    const image = await loadImage(preview.url);
    if (mine !== view) return;
    if (image.naturalWidth !== size.width || image.naturalHeight !== size.height) return;
    picture.src = preview.url;
    fullState = "shown";
    stage.dataset.pixels = "all";
  } catch (error) {
    return; // the browser cannot read what the server can: the smaller picture stays
  }
}

function magnifyAt() {
  lens.hidden = !magnify.checked || !view;
  if (lens.hidden) return;
  const [x, y] = spot || [stage.clientWidth / 2, stage.clientHeight / 2];
  const strength = Math.min(DEEPEST, Math.max(2, fitted() * place.s * 4));
  const natural = picture.naturalWidth / size.width;
  const side = (lens.width / 2 / strength) * natural;
  const left = ((x - place.x) / place.s / stage.clientWidth) * picture.naturalWidth - side / 2;
  const top = ((y - place.y) / place.s / stage.clientHeight) * picture.naturalHeight - side / 2;
  const context = lens.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, lens.width, lens.height);
  context.drawImage(picture, left, top, side, side, 0, 0, lens.width, lens.height);
  lens.style.left = x + "px";
  lens.style.top = y + "px";
  if (natural < 1) sharpen();
}

function tell() {
  const x = spot && Math.floor(((spot[0] - place.x) / place.s / stage.clientWidth) * size.width);
  const y = spot && Math.floor(((spot[1] - place.y) / place.s / stage.clientHeight) * size.height);
  const shown = view && spot && x >= 0 && y >= 0 && x < size.width && y < size.height;
  readout.textContent = "";
  if (!shown) return;
  const column = Math.floor((x / size.width) * maps.width);
  const row = Math.floor((y / size.height) * maps.height);
  const score = maps.soft ? "  score " + (maps.soft[row * maps.width + column] / 255).toFixed(2) : "";
  readout.textContent = "x " + x + "  y " + y + score;
}

moved = () => {
  scale.textContent = Math.round(fitted() * place.s * 100) + " %";
  drawBoxes();
  magnifyAt();
  tell();
  if (place.s > 1 && stage.clientWidth * place.s * devicePixelRatio > picture.naturalWidth) sharpen();
};
