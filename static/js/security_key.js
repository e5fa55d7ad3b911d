// Security keys: allauth's script does the work; this one starts it and shows that a key did not answer.
(() => {
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.querySelectorAll("[data-key-error]").forEach((line) => { line.hidden = false; });
  });
  document.querySelectorAll("form[data-security-key]").forEach((form) => {
    const kind = form.dataset.securityKey;
    const credential = form.querySelector("[name=credential]").id;
    window.allauth.webauthn.forms[kind]({
      ids: { add: "key-button", authenticate: "key-button", credential, data: "key-options" },
    });
  });
})();
