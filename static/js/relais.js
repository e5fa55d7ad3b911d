// The design system's script reads its settings here: silent console.
window.dsfr = { production: true };

// A printed page names its links by their full address, and shows what is folded.
window.addEventListener("beforeprint", () => {
  for (const link of document.querySelectorAll("main a[href]")) {
    link.dataset.address = link.href;
  }
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
  }
});
