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
