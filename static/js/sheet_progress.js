// Follows the reading of a file. Without script, people press « Actualiser ».
(() => {
  const progress = document.querySelector("[data-progress]");
  const follow = async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-progress]");
      if (!found) return location.reload();
      if (progress.textContent !== found.textContent) progress.textContent = found.textContent;
    } catch {
      // The network is away: try again.
    }
    setTimeout(follow, 2000);
  };
  if (progress) setTimeout(follow, 1000);
})();
