// The design system's script reads its settings here: silent console.
window.dsfr = { production: true };

// Where there is a script, a button prints the page.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A printed page names its links by their full address, and shows what is folded.
window.addEventListener("beforeprint", () => {
  for (const link of document.querySelectorAll("main a[href]")) {
    link.dataset.address = link.href;
  }
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
  }
});

// The search box takes several lines; Enter alone searches, as in a box of one line.
const search = document.querySelector("#recherche");
search?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    search.form.requestSubmit();
  }
});
