// One way in for every picture: chosen, dropped, pasted or an example. Its bytes go up unchanged.
const zone = element.querySelector(".es-drop");
const target = element.querySelector(".es-drop-target");
const input = element.querySelector(".es-file");
const status = element.querySelector(".es-drop-status");
let latest = 0;

function say(text) {
  status.textContent = text;
  status.hidden = !text;
}

async function examine(file) {
  const turn = ++latest;
  say("");
  if (file.size === 0) {
    say("This file is empty.");
    return;
  }
  if (file.size > props.max_bytes) {
    const limit = Math.floor(props.max_bytes / 1e6);
    say("This file is larger than the limit of " + limit + " MB.");
    return;
  }
  zone.dataset.state = "busy";
  announce("editscope:start", { url: URL.createObjectURL(file), name: file.name });
  try {
    const uploaded = await upload(file);
    if (turn !== latest) return;
    props.value = {
      path: uploaded.path,
      url: uploaded.url,
      orig_name: file.name || "pasted.png",
      size: file.size,
      mime_type: file.type || null,
      meta: { _type: "gradio.FileData" },
    };
    trigger("upload");
  } catch (error) {
    if (turn !== latest) return;
    say("The picture could not be sent. Check the connection and try again.");
    announce("editscope:failed", {});
  }
}

function announce(name, detail) {
  window.dispatchEvent(new CustomEvent(name, { detail }));
}

function firstFile(transfer) {
  return transfer && transfer.files && transfer.files.length ? transfer.files[0] : null;
}

element.querySelector(".es-choose").addEventListener("click", () => input.click());
target.addEventListener("click", (event) => {
  if (!event.target.closest("button")) input.click();
});
input.addEventListener("change", () => {
  const file = input.files[0];
  input.value = "";
  if (file) examine(file);
});

// Anywhere on the page will do: a picture dropped beside the target must not replace the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("es-over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("es-over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("es-over");
  const file = firstFile(event.dataTransfer);
  if (file) examine(file);
  else say("Drop the file itself: this page fetches nothing from other sites.");
});
document.addEventListener("paste", (event) => {
  const file = firstFile(event.clipboardData);
  if (file) {
    event.preventDefault();
    examine(file);
  }
});
window.addEventListener("editscope:file", (event) => examine(event.detail.file));
window.addEventListener("editscope:say", (event) => say(event.detail.message));
window.addEventListener("editscope:done", () => (zone.dataset.state = "done"));
window.addEventListener("editscope:failed", () => (zone.dataset.state = "done"));
