// Examples go the way of every other picture: fetched as a file, then handed to the drop zone.
const list = element.querySelector("ul");

async function pick(example) {
  try {
    const response = await fetch(example.url);
    if (!response.ok) throw new Error(String(response.status));
    const blob = await response.blob();
    const file = new File([blob], example.file, { type: blob.type });
    window.dispatchEvent(new CustomEvent("editscope:file", { detail: { file } }));
  } catch (error) {
    const message = "The example could not be loaded. Check the connection and try again.";
    window.dispatchEvent(new CustomEvent("editscope:say", { detail: { message } }));
  }
}

function part(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

for (const example of props.examples) {
  const item = document.createElement("li");
  const button = part("button", "es-example", "");
  button.type = "button";
  button.title = "True label: " + example.truth;
  const image = document.createElement("img");
  image.src = example.url;
  image.alt = "";
  image.loading = "lazy";
  const title = part("span", "es-example-title", example.title);
  button.append(image, title, part("span", "es-example-made", example.made));
  button.addEventListener("click", () => pick(example));
  item.append(button);
  list.append(item);
}
