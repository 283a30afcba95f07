// What pages need beyond htmx: no polling while nobody looks, and the menu of narrow screens.
document.addEventListener("htmx:beforeRequest", (event) => {
  const polls = event.detail.elt.getAttribute("hx-trigger") || "";
  if (document.hidden && polls.startsWith("every")) event.preventDefault();
});
