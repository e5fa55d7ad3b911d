// Keys of the inbox and of a request opened from it. None acts in a field, nor with Ctrl, Alt or Meta.
(() => {
  const CURRENT = "inbox-row--current";
  const rows = () => [...document.querySelectorAll(".inbox-table tbody tr")];
  const followLink = (key) => document.querySelector(`a[data-key="${key}"]`)?.click();

  const moveBy = (step) => {
    const all = rows();
    if (!all.length) {
      return followLink(step > 0 ? "j" : "k");
    }
    const here = all.findIndex((row) => row.classList.contains(CURRENT));
    const there = Math.min(Math.max(here + step, 0), all.length - 1);
    all[here]?.classList.remove(CURRENT);
    all[there].classList.add(CURRENT);
    const target = all[there].querySelector("th a") ?? all[there].querySelector("th");
    target.tabIndex = target.tabIndex < 0 && target.tagName !== "A" ? -1 : target.tabIndex;
    target.focus();
    all[there].scrollIntoView({ block: "nearest" });
  };

  const openDetails = (details) => {
    details.open = true;
    details.querySelector("summary").focus();
    details.scrollIntoView({ block: "nearest" });
  };

  const search = () => {
    const box = document.querySelector("#recherche");
    if (box) {
      box.focus();
    } else if (document.querySelector('a[data-key="u"]')) {
      location.assign(`${document.querySelector('a[data-key="u"]').href}#recherche`);
    }
  };

  const decline = () => {
    const form = document.querySelector('form[action$="/decliner/"]');
    if (form) {
      form.closest("details").open = true;
      form.querySelector('input[type="radio"]').focus();
    }
  };

  const ACTIONS = {
    j: () => moveBy(1),
    k: () => moveBy(-1),
    o: () => document.querySelector(`.${CURRENT} th a`)?.click(),
    u: () => followLink("u"),
    t: () => document.querySelector('form[action$="/prendre/"] button[type="submit"]')?.click(),
    d: decline,
    "/": search,
    "?": () => document.querySelector("#touches") && openDetails(document.querySelector("#touches")),
  };

  // The boxes of the list are no fields where one types: keys go on from there.
  const isTyping = (target) =>
    target instanceof Element && target.closest("input:not(.inbox-table [type=checkbox]), textarea, select, dialog, [contenteditable]");

  // Whoever speaks to a machine, or presses keys by accident, turns them off on this device.
  const OFF = "inbox-keys-off";
  const areOff = () => {
    try {
      return localStorage.getItem(OFF) !== null;
    } catch {
      return false;
    }
  };
  const keySwitch = document.querySelector("#touches-actives");
  if (keySwitch) {
    keySwitch.closest("[hidden]").hidden = false;
    keySwitch.checked = !areOff();
    keySwitch.addEventListener("change", () => {
      try {
        keySwitch.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "");
      } catch {
        keySwitch.checked = true; // the browser keeps nothing: they stay on
      }
    });
  }

  document.addEventListener("keydown", (event) => {
    const act = ACTIONS[event.key];
    if (!act || areOff() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat || isTyping(event.target)) {
      return;
    }
    event.preventDefault();
    act();
  });

  // htmx asks what changed; 304 says nothing did. What one is ticking or typing in is left alone, and an answer
  // without version is another page (signed out meanwhile).
  const isBusy = (place) =>
    document.hidden || place.querySelector("input:checked") || (place.contains(document.activeElement) && isTyping(document.activeElement));
  let current, hadFocus;

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isBusy(event.target)) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (isBusy(target) || !xhr.getResponseHeader("ETag")) {
      event.detail.shouldSwap = false;
      return;
    }
    current = target.querySelector(`.${CURRENT}`)?.id;
    hadFocus = target.contains(document.activeElement) && document.activeElement.closest("tr")?.id;
  });
  document.addEventListener("htmx:afterSettle", () => {
    document.getElementById(current)?.classList.add(CURRENT);
    document.getElementById(hadFocus)?.querySelector("th a")?.focus();
  });

  for (const button of document.querySelectorAll("[data-press]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => ACTIONS[button.dataset.press]());
  }
  if (location.hash === "#recherche") {
    document.querySelector("#recherche")?.focus();
  }
})();
