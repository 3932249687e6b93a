// Keeps an open page up to date: when something has changed, it fetches the page again and takes
// over only what differs, so that nobody loses what they are typing. Everything works without it.
"use strict";

(() => {
  const main = document.getElementById("main");
  const source = main && main.dataset.live;

  const typed = (field) =>
    field === document.activeElement ||
    (field.type === "checkbox" || field.type === "radio"
      ? field.checked !== field.defaultChecked
      : "defaultValue" in field && field.value !== field.defaultValue);

  const sameKind = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  function morph(old, now) {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== now.data) old.data = now.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(old.nodeName) && typed(old)) return;
    for (const { name } of [...old.attributes]) {
      // Whether a menu is open is the reader's affair.
      if (!now.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
    }
    for (const { name, value } of now.attributes) {
      if (name === "open" && old.nodeName === "DETAILS") continue;
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morphChildren(old, now);
  }

  function morphChildren(old, now) {
    const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    const kept = new Set([...now.children].map((child) => child.id).filter(Boolean));
    let cursor = old.firstChild;
    for (const next of [...now.childNodes]) {
      while (cursor && cursor.id && !kept.has(cursor.id)) {
        const gone = cursor;
        cursor = cursor.nextSibling;
        gone.remove();
      }
      const twin = next.id ? named.get(next.id) : cursor && !cursor.id && sameKind(cursor, next) ? cursor : null;
      if (twin && sameKind(twin, next)) {
        if (twin === cursor) cursor = cursor.nextSibling;
        else old.insertBefore(twin, cursor);
        morph(twin, next);
      } else {
        const fresh = document.importNode(next, true);
        if (fresh.nodeType === Node.ELEMENT_NODE) fresh.classList.add("fresh");
        old.insertBefore(fresh, cursor);
      }
    }
    while (cursor) {
      const gone = cursor;
      cursor = cursor.nextSibling;
      gone.remove();
    }
  }

  let running = false;
  let again = false;
  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.getElementById("main");
        if (answer.ok && next) {
          morph(main, next);
          document.title = page.title;
        }
      } catch {
        // The sandbox is gone or restarting; the next event or reconnection asks again.
      }
    } while (again);
    running = false;
  }

  if (source) {
    let timer = 0;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, 60);
    };
    // A browser has six connections to a server: a page that nobody looks at gives its own back.
    let events = null;
    // What changed between the making of the page and its first connection is missed too.
    let missed = true;
    const disconnect = () => {
      if (events) events.close();
      events = null;
      missed = true;
    };
    const connect = () => {
      if (events) return;
      events = new EventSource(source);
      events.addEventListener("change", soon);
      events.addEventListener("error", () => (missed = true));
      events.addEventListener("open", () => {
        if (missed) soon();
        missed = false;
        document.documentElement.dataset.connected = "yes";
      });
    };
    let leaving = 0;
    addEventListener("pageshow", connect);
    addEventListener("pagehide", disconnect);
    document.addEventListener("visibilitychange", () => {
      clearTimeout(leaving);
      if (document.hidden) leaving = setTimeout(disconnect, 10000);
      else connect();
    });
    connect();
    setInterval(() => document.hidden || soon(), 60000); // "2 minutes ago" grows older
  }

  // A choice of the user menu counts at once; without this script its button does.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-at-once]");
    if (form) form.requestSubmit();
  });

  // One menu open at a time, closed by a click elsewhere or Escape.
  const close = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu === except || menu.removeAttribute("open"));
  document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(null);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      const main = event.target.form.querySelector("button[data-main]");
      event.target.form.requestSubmit(main || undefined);
    }
  });

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 5000);
  });
})();
