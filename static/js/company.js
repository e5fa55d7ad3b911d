// The owner's form: communes as one types, and hints on the text. Without this script the form works the same.
"use strict";

const WAIT = 150; // milliseconds without a key before asking
const SHORTEST = 2;

// A combobox with a list, as the ARIA patterns have it: arrows, Enter, Escape, and a word to screen readers.
class CommuneBox {
  constructor(root) {
    this.root = root;
    this.address = root.dataset.communes;
    this.input = root.querySelector("[data-commune]");
    this.code = root.querySelector("input[type=hidden][name=commune_code]");
    if (!this.input || !this.code) return; // a list of homonyms is shown: the person chooses there
    this.options = [];
    this.active = -1;
    this.asked = 0;
    this.build();
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.close());
  }

  build() {
    this.list = document.createElement("ul");
    this.list.id = "communes-liste";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Communes");
    this.list.hidden = true;
    this.said = document.createElement("p");
    this.said.className = "fr-sr-only";
    this.said.setAttribute("role", "status");
    this.input.after(this.list, this.said);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id]]) {
      this.input.setAttribute(name, value);
    }
  }

  typed() {
    this.code.value = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    const text = this.input.value.trim();
    const turn = ++this.asked;
    if (text.length < SHORTEST) return this.close();
    try {
      const answer = await fetch(`${this.address}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      const communes = answer.ok ? await answer.json() : [];
      if (turn === this.asked && document.activeElement === this.input) this.show(communes);
    } catch {
      this.close(); // the server will find it
    }
  }

  show(communes) {
    this.list.replaceChildren();
    this.options = communes.map((commune, index) => this.option(commune, index));
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.said.textContent = communes.length ? `${communes.length} commune${communes.length > 1 ? "s" : ""}, flèches pour choisir.` : "Aucune commune trouvée.";
    this.toggle(communes.length > 0);
  }

  option(commune, index) {
    const item = document.createElement("li");
    item.id = `commune-option-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.textContent = `${commune.name} (${commune.department})`;
    if (commune.former_name) item.textContent += ` — anciennement ${commune.former_name}`;
    item.addEventListener("mousedown", (event) => event.preventDefault());
    item.addEventListener("click", () => this.choose(commune));
    item.commune = commune;
    this.list.append(item);
    return item;
  }

  pressed(event) {
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return this.ask();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose(this.options[this.active].commune);
    } else if (event.key === "Escape") {
      this.close();
    }
  }

  move(by) {
    const count = this.options.length;
    this.options[this.active]?.setAttribute("aria-selected", "false");
    this.active = (this.active + by + count + (this.active < 0 && by < 0 ? 1 : 0)) % count;
    const item = this.options[this.active];
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  choose(commune) {
    this.input.value = `${commune.name} (${commune.department})`;
    this.code.value = commune.code;
    this.close();
    this.said.textContent = `${this.input.value} choisie.`;
  }

  close() {
    this.asked++;
    clearTimeout(this.timer);
    this.toggle(false);
  }

  toggle(isOpen) {
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) this.input.removeAttribute("aria-activedescendant");
  }
}

// The same patterns as the server's; nothing is refused.
class TextHints {
  constructor(list) {
    this.list = list;
    this.text = document.getElementById(list.dataset.hintsFor);
    this.patterns = JSON.parse(document.getElementById("hint-patterns").textContent);
    this.length = document.querySelector(`[data-length="${list.dataset.hintsFor}"]`);
    this.advice = this.length?.textContent;
    this.text.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.read(), 600);
    });
  }

  read() {
    const said = this.patterns.filter(({ pattern }) => new RegExp(pattern, "u").test(this.text.value)).map(({ said }) => said);
    if (said.join() !== this.shown) {
      this.shown = said.join();
      this.list.replaceChildren(...said.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
      this.list.hidden = said.length === 0;
    }
    const size = this.text.value.trim().length;
    if (this.length) this.length.textContent = size > 0 && size < 80 ? `${this.advice} Encore une ligne ou deux aideront le conseiller.` : this.advice;
  }
}

for (const root of document.querySelectorAll("[data-communes]")) new CommuneBox(root);
for (const list of document.querySelectorAll("[data-hints-for]")) new TextHints(list);
