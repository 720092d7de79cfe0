"use strict";
// The page is whole without this: it adds a filter, nothing else.
(() => {
  const tools = document.querySelector(".tools");
  if (!tools) return;
  const find = tools.querySelector("input[type=search]");
  const told = tools.querySelector("output");
  const sides = tools.querySelectorAll("input[data-side]");
  const conns = tools.querySelectorAll("input[data-conn]");
  const parts = [...document.querySelectorAll("ol.talk")];
  // All that is said, read from the page once, when it is first needed.
  let events = null;
  const read = () => parts.map((part) => ({
    part,
    items: [...part.children].filter((item) => !item.classList.contains("q")).map((item) => ({
      item,
      text: [...item.querySelectorAll("bdi, i, pre")].map((said) => said.textContent).join("\n"),
      side: item.classList.contains("s") ? "server" : item.classList.contains("c") ? "client" : "other",
      conn: item.dataset.k,
    })),
  }));

  // `/pattern/` is a regular expression, all else is looked for as it stands.
  const matcher = () => {
    const wanted = find.value;
    find.removeAttribute("aria-invalid");
    find.title = "";
    if (wanted.length > 2 && wanted.startsWith("/") && wanted.endsWith("/")) {
      try {
        const pattern = new RegExp(wanted.slice(1, -1), "imu");
        return (text) => pattern.test(text);
      } catch (error) {
        find.setAttribute("aria-invalid", "true");
        find.title = error.message;
        return () => false;
      }
    }
    const lower = wanted.toLowerCase();
    return lower ? (text) => text.toLowerCase().includes(lower) : () => true;
  };

  const unchecked = (inputs, key) => new Set([...inputs].filter((input) => !input.checked).map((input) => input.dataset[key]));

  const filter = () => {
    events ??= read();
    const matches = matcher();
    const hiddenSides = unchecked(sides, "side");
    const hiddenConns = unchecked(conns, "conn");
    const active = Boolean(find.value) || hiddenSides.size > 0 || hiddenConns.size > 0;
    let shown = 0;
    let all = 0;
    for (const { part, items } of events) {
      let here = 0;
      for (const { item, text, side, conn } of items) {
        const show = !hiddenSides.has(side) && !(conn && hiddenConns.has(conn)) && matches(text);
        if (item.classList.contains("h") === show) item.classList.toggle("h", !show);
        here += show ? 1 : 0;
      }
      part.classList.toggle("part-off", here === 0);
      shown += here;
      all += items.length;
    }
    document.body.classList.toggle("filtered", active);
    told.textContent = active ? `${shown.toLocaleString("en")} of ${all.toLocaleString("en")}` : "";
  };

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  };
  find.addEventListener("input", soon);
  tools.addEventListener("change", filter);
  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && typing) {
      find.value = "";
      filter();
    }
  });
  tools.hidden = false;
})();
