// Campaigns: the progress of an upload, and the buttons of the editor. Without this script, forms work all the same.
const find = (form, selector) => form.querySelector(selector);

function complain(form, text) {
  const notice = find(form, "[role=alert]");
  notice.textContent = text;
  notice.hidden = false;
  find(form, "progress").hidden = true;
  find(form, "button").disabled = false;
}

function isUpload(event) {
  const form = event.detail.elt;
  return form && form.matches && form.matches("form.upload") ? form : null;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = isUpload(event);
  if (!form) return;
  const files = [...find(form, "input[type=file]").files];
  if (files.reduce((sum, one) => sum + one.size, 0) > Number(form.dataset.max)) {
    event.preventDefault();
    complain(form, form.dataset.tooLarge);
    return;
  }
  find(form, "[role=alert]").hidden = true;
  find(form, "progress").hidden = false;
  find(form, "button").disabled = true;
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = isUpload(event);
  if (form && event.detail.total) find(form, "progress").value = event.detail.loaded / event.detail.total;
});

// A refusal is a page, too.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.boosted && event.detail.xhr.status >= 400) event.detail.shouldSwap = true;
});

for (const name of ["htmx:sendError", "htmx:timeout"])
  document.addEventListener(name, (event) => {
    const form = isUpload(event);
    if (form) complain(form, form.dataset.broken);
  });

let lastField = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("#subject, #text")) lastField = event.target;
});

function put(field, before, after) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  field.focus();
  field.setRangeText(before + value.slice(start, end) + after, start, end, "end");
  if (after) field.setSelectionRange(start + before.length, start + before.length + (end - start));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert], [data-around]");
  if (!button) return;
  const text = document.getElementById("text");
  if (button.dataset.insert) put(lastField || text, button.dataset.insert, "");
  else put(text, ...button.dataset.around.split("|"));
});

function showTools() {
  for (const tools of document.querySelectorAll(".tools[hidden]")) tools.hidden = false;
}
document.addEventListener("DOMContentLoaded", showTools);
document.addEventListener("htmx:afterSettle", showTools);
